import FoundationEssentials
import Glibc
import Synchronization
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Connections")
struct ConnectionTests {
    @Test("A hundred thousand header fields are refused, and the agent goes on")
    func manyFields() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                try client.send("GET /v1/status HTTP/1.1\r\n")
                try client.send(String(repeating: "A: b\r\n", count: 100_000))
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 431 "))
            #expect(text.contains("\"code\":\"too-large\""))
            #expect(try await server.ask("GET", "/v1/status").status == 200)
        }
    }

    @Test("When a flood of connections has gone it is told once, and of fewer never")
    func ebb() async throws {
        let ebbs = Mutex(0)
        try await TestServer.run(onEbb: { ebbs.withLock { $0 += 1 } }) { server in
            for (many, told) in [(ConnectionTable.flood - 1, 0), (ConnectionTable.flood, 1), (3, 1)] {
                let path = server.socket.path
                try await blocking {
                    let clients = try (0..<many).map { _ in try RawClient(path) }
                    for client in clients { try client.sendHead("GET /v1/status HTTP/1.1", "Host: localhost") }
                    for client in clients { _ = try client.read() }
                }
                for _ in 0..<100 where ebbs.withLock({ $0 }) != told { try await Task.sleep(for: .milliseconds(20)) }
                #expect(ebbs.withLock { $0 } == told)
            }
        }
    }

    @Test("A head may have 16 KiB, and no more")
    func largeHead() async throws {
        try await TestServer.run { server in
            let fits = try await server.ask("GET", "/v1/status", ["X: " + String(repeating: "x", count: 15_000)])
            #expect(fits.status == 200)
            let tooLarge = try await server.ask("GET", "/v1/status", ["X: " + String(repeating: "x", count: 17_000)])
            #expect(tooLarge.status == 431)
        }
    }

    @Test(
        "What is no HTTP gets a problem and the end of the connection",
        arguments: ["\u{16}\u{03}\u{01} TLS\r\n\r\n", "GET\r\n\r\n", "GET /v1/status HTTP/9.9\r\n\r\n"])
    func noHTTP(_ text: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.client { client in
                try client.send(text)
                return try client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("\"code\":\"invalid-request\""))
        }
    }

    @Test("A head that comes too slowly ends its connection, and another's requests are answered meanwhile")
    func slowHead() async throws {
        var limits = APILimits()
        limits.headTime = .milliseconds(300)
        try await TestServer.run(limits: limits) { server in
            async let slow = server.client { client in
                for byte in Array("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8) {
                    guard try client.send([byte]) else { break }
                    usleep(50_000)
                }
                return try client.readToEnd()
            }
            for _ in 0..<20 { #expect(try await server.ask("GET", "/v1/status").status == 200) }
            #expect(try await slow.hasPrefix("HTTP/1.1 408 "))
            let silent = try await server.client { try $0.readToEnd() }
            #expect(silent.isEmpty)
        }
    }

    @Test("A body that comes too slowly is answered with 408")
    func slowBody() async throws {
        var limits = APILimits()
        limits.bodyTime = .milliseconds(300)
        try await TestServer.run(limits: limits) { server in
            let text = try await server.client { client in
                try client.sendHead(
                    "POST /v1/tenants HTTP/1.1", "Host: h", "Content-Type: application/json", "Content-Length: 99",
                    then: "{")
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 408 "))
            #expect(text.contains("\"code\":\"timed-out\""))
        }
    }

    @Test("A body that breaks off gets a problem")
    func brokenBody() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                try client.sendHead(
                    "POST /v1/tenants HTTP/1.1", "Host: h", "Content-Type: application/json",
                    "Transfer-Encoding: chunked", then: "zz\r\n")
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("The bodies of a user's connections together are bounded, and there is room again when they are answered")
    func manyBodies() async throws {
        var limits = APILimits()
        limits.body = 100_000
        try await TestServer.run(limits: limits) { server in
            let path = server.socket.path, body = String(repeating: " ", count: limits.body)
            let status = { try await server.ask("POST", "/v1/tenants", body: body).status }
            let stalled = try await blocking {
                let client = try RawClient(path)
                // Not all of it, so that it is kept.
                try client.sendHead(
                    "POST /v1/tenants HTTP/1.1", "Host: h", "Content-Type: application/json",
                    "Content-Length: 100000", then: String(body.dropLast(10_000)))
                return client
            }
            #expect(try await eventually { try await status() == 429 })
            #expect(try await server.ask("POST", "/v1/tenants", body: #"{"name":"acme"}"#).status == 202)
            stalled.endSending()
            #expect(try await eventually { try await status() == 400 })
        }
    }

    @Test("Requests that are sent at once are answered in order, on one connection")
    func pipelined() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                let close = "GET /v1/tenants HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                try client.send(
                    "GET /v1/status HTTP/1.1\r\nHost: h\r\n\r\nGET /v1/none HTTP/1.1\r\nHost: h\r\n\r\n" + close)
                return try client.readToEnd()
            }
            let statuses = text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
            #expect(statuses == ["200", "404", "200"])
        }
    }

    @Test("A request is answered before the garbage that follows it")
    func garbageAfterRequest() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                try client.send("GET /v1/status HTTP/1.1\r\nHost: h\r\n\r\n\u{1}\u{2}\r\n\r\n")
                return try client.readToEnd()
            }
            #expect(text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) } == ["200", "400"])
        }
    }

    @Test("A connection is kept alive between requests, and closed when it is idle for too long")
    func keptAlive() async throws {
        var limits = APILimits()
        limits.idleTime = .milliseconds(200)
        try await TestServer.run(limits: limits) { server in
            let rest = try await server.client { client in
                for _ in 0..<5 {
                    guard try client.ask("GET", "/v1/status").status == 200 else { throw RawClient.Failure("status") }
                    usleep(20_000)
                }
                return try client.readToEnd()
            }
            #expect(rest.isEmpty)
        }
    }

    @Test("The answer to HEAD has no body, so that the next answer is understood")
    func head() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                try client.sendHead("HEAD /v1/status HTTP/1.1", "Host: h")
                try client.sendHead("GET /v1/status HTTP/1.1", "Host: h", "Connection: close")
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 405 "))
            #expect(text.contains("\r\n\r\nHTTP/1.1 200 OK"))
        }
    }

    @Test("A client that waits to be told so sends its body")
    func expectContinue() async throws {
        try await TestServer.run { server in
            let answer = try await server.client { client in
                try client.sendHead(
                    "POST /v1/tenants HTTP/1.1", "Host: h", "Expect: 100-continue", "Content-Type: application/json",
                    "Content-Length: 15")
                guard try client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 ") else {
                    throw RawClient.Failure("no 100")
                }
                try client.send(#"{"name":"acme"}"#)
                return try client.answer()
            }
            #expect(answer.status == 202)
        }
    }

    @Test("A client that has said all it has to say still gets its answer")
    func halfClosed() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                try client.sendHead("GET /v1/status HTTP/1.1", "Host: h")
                client.endSending()
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("A protocol that nobody asked for is not switched to")
    func upgrade() async throws {
        try await TestServer.run { server in
            let text = try await server.client { client in
                try client.sendHead("GET /v1/status HTTP/1.1", "Host: h", "Connection: Upgrade", "Upgrade: h2c")
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("A user has so many connections and no more, and gets one again when another closes")
    func connectionsOfOneUser() async throws {
        var limits = APILimits()
        limits.connectionsPerUser = 4
        try await TestServer.run(limits: limits) { server in
            let path = server.socket.path
            let text = try await blocking {
                let clients = try (0..<4).map { _ in try RawClient(path) }
                for client in clients { _ = try client.ask("GET", "/v1/status") }
                return try RawClient(path).readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 429 "))
            #expect(text.contains("\"code\":\"too-many-requests\""))
            #expect(try await eventually { try await server.ask("GET", "/v1/status").status == 200 })
        }
    }

    @Test("What comes over the limit of all connections waits, and is answered when there is room")
    func connectionsOfAll() async throws {
        var limits = APILimits()
        limits.connections = 2
        limits.idleTime = .milliseconds(200)
        try await TestServer.run(limits: limits) { server in
            try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 0..<8 { tasks.addTask { try await server.ask("GET", "/v1/status").status } }
                for try await status in tasks { #expect(status == 200) }
            }
        }
    }

    @Test("A reader that does not read is cut off")
    func stalledReader() async throws {
        var limits = APILimits()
        limits.writeTime = .milliseconds(300)
        limits.idleTime = .seconds(60)
        try await TestServer.run(limits: limits) { server in
            let text = try await server.client { client in
                // More than the socket and the server keep for a reader.
                for _ in 0..<2_000 {
                    guard try client.sendHead("GET /v1/openapi.json HTTP/1.1", "Host: h") else { break }
                }
                usleep(1_500_000)
                return try client.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
            #expect(text.split(separator: "HTTP/1.1 200").count < 2_000)
        }
    }
}
