import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("The endpoints of sources") struct SourceEndpointTests {
    private let path = "/v1/tenants/acme/apps/shop/sources/\(String(repeating: "a", count: 64))"
    private let tar = ["Content-Type: application/x-tar"]

    /// A server with an app, which takes archives of 64 KiB.
    private func run(_ body: @escaping @Sendable (TestServer) async throws -> Void) async throws {
        var limits = APILimits()
        limits.body = 4096
        limits.source = 1 << 16
        try await TestServer.run(limits: limits) { server in
            _ = try await server.ask("POST", "/v1/tenants", body: #"{"name":"acme"}"#)
            _ = try await server.ask("POST", "/v1/tenants/acme/apps", body: #"{"name":"shop"}"#)
            try await body(server)
        }
    }

    @Test("An archive may be larger than other bodies, and is found when it came")
    func uploads() async throws {
        try await run { server in
            #expect(try await server.ask("GET", path).status == 404)
            let sent = try await server.ask("PUT", path, tar, body: String(repeating: "x", count: 1 << 16))
            #expect(sent.status == 200, "\(sent.body)")
            #expect(try sent.decoded(SourceResource.self).size == 1 << 16)
            #expect(try await server.ask("GET", path).decoded(SourceResource.self).size == 1 << 16)
        }
    }

    @Test("One that is too large, of another kind, empty, or under a name that is no digest is refused")
    func refuses() async throws {
        try await run { server in
            let large = try await server.ask("PUT", path, tar, body: String(repeating: "x", count: (1 << 16) + 1))
            #expect(large.status == 413)
            #expect(try await server.ask("PUT", path, body: "x").status == 415)
            #expect(try await server.ask("PUT", path, tar).status == 400)
            for name in ["x", "sha256:" + String(repeating: "a", count: 64), String(repeating: "A", count: 64)] {
                let wrong = "/v1/tenants/acme/apps/shop/sources/\(name)"
                #expect(try await server.ask("PUT", wrong, tar, body: "x").status == 400, "\(name)")
            }
            #expect(try await server.ask("GET", path).status == 404, "nothing of it was kept")
        }
    }

    @Test("A version that is none is no runtime")
    func runtimes() async throws {
        try await run { server in
            let answers = [
                ("2.7", "{}", 400), ("3.13", #"{"default":1}"#, 400), ("3.13", #"{"defualt":true}"#, 400),
                ("3.13", #"{"default":true}"#, 200),
            ]
            for (version, body, status) in answers {
                let answer = try await server.ask("PUT", "/v1/runtimes/\(version)", body: body)
                #expect(answer.status == status, "\(version) \(body)")
            }
        }
    }
}
