import FoundationEssentials
import Glibc
import NIOCore
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Tokens and how often one may ask")
struct TokenTests {
    private let acme = Realm.tenant(TenantName(unchecked: "acme"))

    private func status(_ server: TestServer, _ header: String) async throws -> Int {
        try await server.ask("GET", "/v1/status", ["Authorization: \(header)"]).status
    }

    @Test("A token counts until it expires or is revoked, and from then on never again")
    func lifetime() async throws {
        try await TestServer.run { server in
            let rights = server.domain.rights
            let good = rights.token(.viewer, in: .host)
            let old = rights.token(.admin, in: .host, name: "old", expires: Date().addingTimeInterval(-1))
            let answers = [
                try await status(server, "Bearer \(good)"), try await status(server, "bearer \(good)"),
                try await status(server, "Bearer \(old)"),
            ]
            #expect(answers == [200, 200, 401])
            rights.change { $0.tokens = $0.tokens.filter { $0.value.name.rawValue != "ci" } }
            #expect(try await status(server, "Bearer \(good)") == 401)
        }
    }

    @Test("What is no token is refused, even where its sender may do everything without one")
    func broken() async throws {
        try await TestServer.run { server in
            let good = server.domain.rights.token(.viewer, in: .host)
            for header in [
                "Bearer", "Bearer \(good)0", "Bearer \(good.dropLast())", "Basic cm9vdDo=", "Bearer \(good) \(good)",
                "Bearer \(String(repeating: "a", count: 300))", "Bearer tsl_", good,
            ] {
                let answer = try await server.ask("GET", "/v1/status", ["Authorization: \(header)"])
                #expect(answer.status == 401, "\(header)")
                #expect(answer.headers["www-authenticate"] == "Bearer")
                #expect(try answer.problem.code == .unauthorized)
            }
            #expect(try await server.ask("GET", "/v1/status").status == 200)
        }
    }

    @Test("A token gives its own role and takes every other, its sender's too")
    func narrows() async throws {
        try await TestServer.run { server in
            try await server.fill()
            let header = ["Authorization: Bearer \(server.domain.rights.token(.viewer, in: acme))"]
            #expect(try await server.ask("GET", "/v1/tenants/acme", header).status == 200)
            #expect(try await server.ask("GET", "/v1/status", header).status == 403)
            #expect(try await server.ask("DELETE", "/v1/tenants/acme/apps/shop", header).status == 403)
            #expect(try await server.ask("DELETE", "/v1/tenants/acme/apps/shop").status == 202)
        }
    }

    @Test("A secret is random, 256 bits long, and not to be found from what is kept of it")
    func secrets() {
        let secrets = (0..<100).map { _ in TokenSecret.random() }
        #expect(Set(secrets).count == 100)
        for secret in secrets {
            #expect(secret.text.wholeMatch(of: /tsl_[0-9a-f]{64}/) != nil)
            #expect(secret.digest.map { !secret.text.contains($0.hexadecimal) } == true)
        }
        #expect(TokenSecret("abc").digest == nil)
        // sha256sum of the text.
        #expect(
            TokenSecret("tsl_").digest?.hexadecimal
                == "e38374b7b5995b19a6ff14e173baf05794cd3271e747b36f76d1508d81bc2214")
    }

    @Test("Grants and tokens are read once, and anew when they change")
    func cache() async throws {
        try await TestServer.run { server in
            let header = "Bearer \(server.domain.rights.token(.viewer, in: .host))"
            for _ in 0..<20 {
                let answer = try await status(server, header)
                #expect(answer == 200)
            }
            // Again after ten seconds: on a machine that is that slow, some more.
            let reads = server.domain.rights.reads
            #expect((1..<10).contains(reads))
            _ = server.domain.rights.token(.viewer, in: acme, name: "another")
            for _ in 0..<20 {
                let answer = try await status(server, header)
                #expect(answer == 200)
            }
            #expect((reads + 1..<reads + 10).contains(server.domain.rights.reads))
        }
    }

    // MARK: How often

    @Test("A caller who asks too often is told when to come back; others are not kept waiting")
    func rate() async throws {
        var limits = APILimits()
        (limits.requestsPerSecond, limits.requestBurst) = (1, 5)
        try await TestServer.run(limits: limits) { server in
            let first = "Bearer \(server.domain.rights.token(.viewer, in: .host))"
            let second = "Bearer \(server.domain.rights.token(.viewer, in: .host, name: "other"))"
            // All at once: one after the other a slow machine may ask no more often than it may.
            let answers = try await withThrowingTaskGroup { tasks in
                for _ in 0..<50 {
                    tasks.addTask { try await server.ask("GET", "/v1/status", ["Authorization: \(first)"]) }
                }
                return try await tasks.reduce(into: [RawAnswer]()) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 200 } >= 5)
            let refused = try #require(answers.first { $0.status == 429 })
            #expect(refused.headers["retry-after"] == "1")
            #expect(try refused.problem.retryAfter == 1)
            #expect(try await status(server, second) == 200)
            // Who tries secrets out is slowed down as well; root, in this test, is not.
            if getuid() != 0 {
                for _ in 0..<8 { _ = try await status(server, "Bearer tsl_guess") }
                #expect(try await status(server, "Bearer tsl_guess") == 429)
            }
        }
    }

    @Test("A bucket fills again with time, and never above its rim; root has none")
    func bucket() throws {
        let limiter = RateLimiter(rate: 2, burst: 4), start = NIODeadline.now()
        func takes(_ key: RateLimiter.Key, at time: NIODeadline) -> Int {
            (0..<100).filter { _ in (try? limiter.take(key, now: time)) != nil }.count
        }
        #expect(takes(.user(7), at: start) == 4)
        #expect(takes(.user(7), at: start + .seconds(1)) == 2)
        #expect(takes(.user(7), at: start + .hours(1)) == 4)
        #expect(takes(.user(8), at: start) == 4)
        #expect(takes(.user(0), at: start) == 100)
    }

    @Test("However many callers there are, so many are remembered, and who asks too often is not forgotten by others")
    func bounded() throws {
        let limiter = RateLimiter(rate: 1, burst: 2, most: 100), start = NIODeadline.now()
        for number in 1...10_000 { try? limiter.take(.user(UInt32(number)), now: start + .seconds(Int64(number))) }
        #expect(limiter.count <= 100)
        for number in 1...10_000 { try? limiter.take(.user(UInt32(number)), now: start + .hours(9)) }
        #expect(limiter.count <= 100)
    }
}
