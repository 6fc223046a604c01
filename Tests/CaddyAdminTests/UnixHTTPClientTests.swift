import Glibc
import Synchronization
import Testing
import TussilagoCore
import UnixHTTP
import UnixHTTPTestKit

@Suite("HTTP over a Unix socket", .timeLimit(.minutes(1)))
struct UnixHTTPClientTests {
    let clock = ContinuousClock()

    @Test("A request arrives as it was given")
    func request() async throws {
        let server = try StubServer { _, send in
            _ = send(answer("201 Created", "done", headers: ["X-Two: a", "x-two: b"]))
        }
        let request = try HTTPRequest(
            "POST", "/a/../%2Fb?c=d#e", headers: [("Host", ""), ("If-Match", "\"x y\"")], body: Array("{}".utf8))
        let reply = try await UnixHTTPClient(socket: server.socket).send(request)
        #expect(reply.status == 201)
        #expect(String(decoding: reply.body, as: UTF8.self) == "done")
        #expect(reply.headers["x-two"] == "a, b")
        let received = try #require(server.received.first)
        #expect(received.line == "POST /a/../%2Fb?c=d#e HTTP/1.1")
        #expect(received.headers.sorted() == ["Content-Length: 2", "Host:", "If-Match: \"x y\""])
        #expect(received.body == "{}")
    }

    @Test("Every method works without a body", arguments: ["GET", "HEAD", "DELETE", "POST", "PUT"])
    func methods(method: String) async throws {
        let server = try StubServer { request, send in
            _ = send(request.method == "HEAD" ? "HTTP/1.1 204 No Content\r\n\r\n" : answer("204 No Content", ""))
        }
        let reply = try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest(method, "/"))
        #expect(reply.status == 204)
        #expect(server.received.map(\.line) == ["\(method) / HTTP/1.1"])
        #expect(server.received.first?.header("Host") == "localhost")
    }

    @Test("Trailers are among the headers")
    func trailers() async throws {
        let server = try StubServer { _, send in _ = send(answer("200 OK", chunked: "null", trailer: "Etag: \"t\"")) }
        let reply = try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest("GET", "/"))
        #expect(reply.headers["etag"] == "\"t\"")
        #expect(reply.body == Array("null".utf8))
    }

    @Test("An interim answer leaves nothing behind")
    func interimAnswer() async throws {
        let server = try StubServer { _, send in
            _ = send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer("200 OK", "body"))
        }
        let statuses = Mutex<[Int]>([])
        let status = try await UnixHTTPClient(socket: server.socket).stream(
            try HTTPRequest("GET", "/"), idle: .seconds(5),
            onHead: { status, headers in
                statuses.withLock { $0.append(headers["link"] == nil ? status : -1) }
                return true
            }, onChunk: { _ in true })
        #expect(status == 200)
        #expect(statuses.withLock { $0 } == [200])
    }

    @Test(
        "What would begin another header or request is refused",
        arguments: [
            ("GET", "/a\r\nX: y", "a", "b"), ("GET", "/a b", "a", "b"), ("GET", "/a\0", "a", "b"),
            ("GET", "a", "a", "b"),
            ("GET", "/ü", "a", "b"), ("GET /x", "/", "a", "b"), ("GET\r\n", "/", "a", "b"), ("", "/", "a", "b"),
            ("GET", "/", "a:", "b"), ("GET", "/", "a b", "b"), ("GET", "/", "", "b"), ("GET", "/", "a", "b\r\nc: d"),
            ("GET", "/", "a", "b\nc"), ("GET", "/", "a", "b\0"),
        ])
    func injection(method: String, path: String, name: String, value: String) {
        #expect(throws: PortError.self) { try HTTPRequest(method, path, headers: [(name, value)]) }
    }

    @Test("A body over its limit is an error")
    func bodyLimit() async throws {
        let server = try StubServer { _, send in
            _ = send("HTTP/1.1 200 OK\r\n\r\n")
            while send(String(repeating: "x", count: 1 << 16)) {}
        }
        await expect(.unexpected) {
            try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest("GET", "/", bodyLimit: 1 << 20))
        }
    }

    @Test("Headers without end are an error")
    func headerLimit() async throws {
        let server = try StubServer { _, send in
            _ = send("HTTP/1.1 200 OK\r\n")
            while send("x: \(String(repeating: "x", count: 1000))\r\n") {}
        }
        await expect(.unexpected) { try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest("GET", "/")) }
    }

    @Test("What is not HTTP is an error", arguments: ["nonsense\r\n\r\n", "\0\0\0\0"])
    func nonsense(text: String) async throws {
        let server = try StubServer { _, send in _ = send(text) }
        await expect(.unexpected) { try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest("GET", "/")) }
    }

    @Test(
        "An answer that breaks off is unavailable",
        arguments: ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
    func brokenAnswer(text: String) async throws {
        let server = try StubServer { _, send in _ = send(text) }
        await expect(.unavailable) { try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest("GET", "/")) }
    }

    @Test("A socket where nobody listens is unavailable")
    func nobodyListens() async throws {
        let server = try StubServer { _, _ in }
        server.stop()
        await expect(.unavailable) { try await UnixHTTPClient(socket: server.socket).send(try HTTPRequest("GET", "/")) }
        let nowhere = UnixHTTPClient(socket: "\(server.directory)/nowhere.sock")
        await expect(.unavailable) { try await nowhere.send(try HTTPRequest("GET", "/")) }
    }

    @Test("An error names an inner path in its detail alone")
    func errorTexts() async throws {
        let error = await #expect(throws: PortError.self) {
            try await UnixHTTPClient(socket: "/tmp/inner/nowhere.sock").send(try HTTPRequest("GET", "/"))
        }
        #expect(error?.subject == "nowhere.sock")
        #expect(error?.cause.contains("/") == false)
        #expect(error?.detail.contains("/tmp/inner/nowhere.sock") == true)
    }

    @Test("A silent server is given up in time")
    func timeout() async throws {
        let gate = Gate()
        let server = try StubServer { _, _ in gate.pass() }
        defer { gate.open() }
        let took = await clock.measure {
            await expect(.timedOut) {
                try await UnixHTTPClient(socket: server.socket)
                    .send(try HTTPRequest("GET", "/", timeout: .milliseconds(200)))
            }
        }
        // The server would be silent for ever: that this is reached at all is the other bound.
        #expect(took >= .milliseconds(200))
    }

    @Test("Cancelling ends a call within a tenth of a second")
    func cancellation() async throws {
        let gate = Gate()
        let server = try StubServer { _, _ in gate.pass() }
        defer { gate.open() }
        let client = UnixHTTPClient(socket: server.socket)
        var times: [Duration] = []
        for number in 1...7 {
            let call = Task { try await client.send(try HTTPRequest("GET", "/")) }
            while server.received.count < number { try await Task.sleep(for: .milliseconds(5)) }
            times.append(
                await clock.measure {
                    call.cancel()
                    await expect(.unavailable) { try await call.value }
                })
        }
        // The median: a single one may meet a busy machine.
        #expect(times.sorted()[3] < .milliseconds(100))
    }

    @Test("A call of a cancelled task is never made")
    func earlyCancellation() async throws {
        let server = try StubServer { _, send in _ = send(answer("200 OK", "")) }
        let client = UnixHTTPClient(socket: server.socket)
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.send(try HTTPRequest("GET", "/"))
        }
        call.cancel()
        await expect(.unavailable) { try await call.value }
        #expect(server.received.isEmpty)
    }

    @Test("A stream ends when its reader has had enough")
    func streamEnd() async throws {
        let server = try StubServer { _, send in
            _ = send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            while send("data: 1\n\n") { usleep(2000) }
        }
        let count = Atomic(0)
        let status = try await UnixHTTPClient(socket: server.socket).stream(
            try HTTPRequest("GET", "/"), idle: .seconds(5),
            onChunk: { chunk in count.add(chunk.count, ordering: .relaxed).newValue < 100 })
        #expect(status == 200)
        #expect((100..<200).contains(count.load(ordering: .relaxed)))
    }

    @Test("A stream lasts as long as something comes")
    func streamIdleness() async throws {
        let server = try StubServer { _, send in
            _ = send("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")
            for _ in 0..<12 {
                usleep(100_000)
                _ = send(".")
            }
        }
        let count = Atomic(0)
        let status = try await UnixHTTPClient(socket: server.socket).stream(
            try HTTPRequest("GET", "/", timeout: .milliseconds(1)), idle: .milliseconds(600),
            onChunk: { count.add($0.count, ordering: .relaxed).newValue > 0 })
        #expect(status == 200)
        #expect(count.load(ordering: .relaxed) == 12)
    }

    @Test("A stream that falls silent times out")
    func silentStream() async throws {
        let gate = Gate()
        let server = try StubServer { _, send in
            _ = send("HTTP/1.1 200 OK\r\n\r\nfirst")
            gate.pass()
        }
        defer { gate.open() }
        let client = UnixHTTPClient(socket: server.socket)
        await expect(.timedOut) {
            try await client.stream(try HTTPRequest("GET", "/"), idle: .milliseconds(200), onChunk: { _ in true })
        }
    }

    @Test("One thread serves many calls at once")
    func manyCalls() async throws {
        let server = try StubServer { request, send in
            usleep(50_000)
            _ = send(answer("200 OK", request.line))
        }
        let client = UnixHTTPClient(socket: server.socket)
        try await withThrowingTaskGroup { group in
            for number in 0..<100 {
                group.addTask {
                    let reply = try await client.send(try HTTPRequest("GET", "/\(number)"))
                    #expect(String(decoding: reply.body, as: UTF8.self) == "GET /\(number) HTTP/1.1")
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(server.received.map(\.line)).count == 100)
    }
}

/// Expects an error of this kind.
func expect<T>(
    _ code: PortError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> T
) async {
    let error = await #expect(throws: PortError.self, sourceLocation: sourceLocation) { _ = try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
}
