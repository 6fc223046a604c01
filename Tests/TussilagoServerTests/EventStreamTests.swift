import FoundationEssentials
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Event streams")
struct EventStreamTests {
    /// Begins an operation that runs until it is ended.
    private func begin(_ server: TestServer) async throws -> OperationResource {
        try await server.fill(app: "slow")
        return try await server.ask("POST", "/v1/tenants/acme/apps/slow/start").decoded()
    }

    private func watch(
        _ server: TestServer, _ operation: UUID, _ headers: [String] = [], query: String = "", until text: String
    ) async throws -> String {
        try await server.client { client in
            let lines = ["GET \(Paths.events(operation))\(query) HTTP/1.1", "Host: h"] + headers
            try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
            return try client.read(until: text)
        }
    }

    private func numbers(_ text: String) -> [Int] {
        text.split(whereSeparator: \.isNewline).compactMap { $0.hasPrefix("id: ") ? Int($0.dropFirst(4)) : nil }
    }

    @Test("A reader sees what happened and what happens, and the stream ends with the operation")
    func wholeStream() async throws {
        try await TestServer.run { server in
            let operation = try await begin(server)
            async let text = watch(server, operation.id, until: "\r\n0\r\n\r\n")
            #expect(try await eventually { await server.domain.watching == 1 })
            await server.domain.tell(operation.id, .stepStarted)
            await server.domain.end(operation.id)
            let all = try await text
            #expect(all.contains("Content-Type: text/event-stream\r\n"))
            #expect(numbers(all) == [1, 2, 3, 4])
            #expect(all.contains("event: step.started\ndata: {"))
            let data = try #require(all.split(separator: "\n").first { $0.hasPrefix("data: ") })
            let event = try APICoding.decode(OperationEvent.self, from: Data(data.dropFirst(6).utf8))
            #expect(event.kind == .accepted)
            #expect(event.text == "a line\nand another")
        }
    }

    @Test("A reader goes on after the event that it saw last", arguments: [true, false])
    func resumed(byHeader: Bool) async throws {
        try await TestServer.run { server in
            let operation = try await begin(server)
            await server.domain.tell(operation.id, .stepStarted)
            await server.domain.end(operation.id)
            let text = try await watch(
                server, operation.id, byHeader ? ["Last-Event-ID: 2"] : [], query: byHeader ? "?after=1" : "?after=2",
                until: "\r\n0\r\n\r\n")
            #expect(numbers(text) == [3, 4])
        }
    }

    @Test("A connection goes on after a stream")
    func nextRequest() async throws {
        try await TestServer.run { server in
            let operation = try await begin(server)
            await server.domain.end(operation.id)
            let status = try await server.client { client in
                try client.send("GET \(Paths.events(operation.id)) HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try client.read(until: "\r\n0\r\n\r\n")
                return try client.ask("GET", "/v1/status").status
            }
            #expect(status == 200)
        }
    }

    @Test("A silent stream says now and then that it is alive")
    func heartbeat() async throws {
        var limits = APILimits()
        limits.heartbeat = .milliseconds(50)
        try await TestServer.run(limits: limits) { server in
            let operation = try await begin(server)
            let text = try await watch(server, operation.id, ["Last-Event-ID: 2"], until: ": alive\n\n")
            #expect(text.contains(": alive\n\n"))
            #expect(numbers(text).isEmpty)
            await server.domain.end(operation.id)
        }
    }

    @Test("A reader that leaves is noticed though nothing happens")
    func readerLeaves() async throws {
        try await TestServer.run { server in
            let operation = try await begin(server)
            _ = try await watch(server, operation.id, until: "id: 2")
            #expect(try await eventually { await server.domain.watching == 0 })
        }
    }

    @Test("Streams end at once when the agent stops")
    func agentStops() async throws {
        try await TestServer.run { server in
            let operation = try await begin(server)
            let start = ContinuousClock.now
            async let text = watch(server, operation.id, until: "\r\n0\r\n\r\n")
            #expect(try await eventually { await server.domain.watching == 1 })
            await server.stop()
            #expect(try await numbers(text) == [1, 2])
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}
