import Testing
import TussilagoAPI

@testable import TussilagoServer

@Suite("Idempotency keys")
struct IdempotencyKeyTests {
    @Test("The same key gives the same operation again, and another request under it is refused")
    func sameKey() async throws {
        try await TestServer.run { server in
            let key = ["Idempotency-Key: k-1"]
            let first: OperationResource = try await server.ask("POST", "/v1/tenants", key, body: #"{"name":"acme"}"#)
                .decoded()
            let again: OperationResource = try await server.ask("POST", "/v1/tenants", key, body: #"{"name":"acme"}"#)
                .decoded()
            #expect(first == again)
            let other = try await server.ask("POST", "/v1/tenants", key, body: #"{"name":"other"}"#)
            #expect(other.status == 422)
            #expect(try other.problem.code == .keyReused)
        }
    }

    @Test("A key is 1 to 255 visible ASCII characters", arguments: ["!", "~", String(repeating: "k", count: 255)])
    func validKey(_ key: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.ask(
                "POST", "/v1/tenants", ["Idempotency-Key: \(key)"], body: #"{"name":"acme"}"#)
            #expect(answer.status == 202)
        }
    }

    @Test("Any other key is refused", arguments: ["", "a b", "\u{E9}", String(repeating: "k", count: 256)])
    func invalidKey(_ key: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.ask(
                "POST", "/v1/tenants", ["Idempotency-Key: \(key)"], body: #"{"name":"acme"}"#)
            #expect(answer.status == 400)
            #expect(try answer.problem.field == "Idempotency-Key")
        }
    }

    @Test("Two keys are refused: they could mean two things")
    func twoKeys() async throws {
        try await TestServer.run { server in
            let keys = ["Idempotency-Key: a", "Idempotency-Key: b"]
            let answer = try await server.ask("POST", "/v1/tenants", keys, body: #"{"name":"acme"}"#)
            #expect(answer.status == 400)
        }
    }
}
