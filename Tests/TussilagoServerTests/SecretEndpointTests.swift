import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Secrets over HTTP")
struct SecretEndpointTests {
    private static let path = "/v1/tenants/acme/apps/shop/secrets/KEY"
    private static let octets = "Content-Type: application/octet-stream"

    @Test("A value is the body as it is, whatever bytes it has, and is in no answer and no log")
    func takesBytes() async throws {
        try await TestServer.run { server in
            try await server.fill()
            let value = "canary {\"a\":1}\n\u{1}"
            let answer = try await server.ask("PUT", Self.path, [Self.octets], body: value)
            #expect(answer.status == 202, "\(answer.body)")
            let kept = try #require(await server.domain.lastSecret)
            #expect(Array(kept.bytes) == Array(value.utf8))
            #expect(!answer.body.contains("canary"))
            #expect(!server.log.all.contains { $0.contains("canary") })
            #expect(!"\(Submission.setSecret(shop, try key, kept))".contains("canary"))
            let listed = try await server.ask("GET", "/v1/tenants/acme/apps/shop/secrets")
            #expect(listed.status == 200)
        }
    }

    @Test("What is no value of a secret is refused, and none of it is said again")
    func refuses() async throws {
        try await TestServer.run { server in
            try await server.fill()
            let asked: [(path: String, type: String, body: String?, status: Int)] = [
                (Self.path, "Content-Type: application/json", "\"canary\"", 415),
                (Self.path, Self.octets, nil, 400),
                (Self.path, Self.octets, String(repeating: "canary", count: 11_000), 413),
                ("/v1/tenants/acme/apps/shop/secrets/1-X", Self.octets, "canary", 400),
                ("/v1/tenants/acme/apps/none/secrets/KEY", Self.octets, "canary", 404),
            ]
            for (path, type, body, status) in asked {
                let answer = try await server.ask("PUT", path, [type], body: body)
                #expect(answer.status == status, "\(path) \(type): \(answer.body)")
                #expect(!answer.body.contains("canary"))
            }
            #expect(!server.log.all.contains { $0.contains("canary") })
            #expect(await server.domain.lastSecret == nil)
        }
    }

    private var shop: AppReference {
        AppReference(tenant: TenantName(unchecked: "acme"), app: AppName(unchecked: "shop"))
    }
    private var key: SecretName { get throws { try SecretName("KEY") } }
}
