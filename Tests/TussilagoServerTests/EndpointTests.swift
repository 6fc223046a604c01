import FoundationEssentials
import HTTPTypes
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Endpoints")
struct EndpointTests {
    @Test("Every endpoint of the table answers with what it describes")
    func everyEndpointAnswers() async throws {
        try await TestServer.run { server in
            try await server.fill()
            let deployed = try await server.ask(
                "POST", "/v1/tenants/acme/apps/shop/releases", body: #"{"manifest":"x"}"#
            ).decoded(OperationResource.self)
            // What deletes goes last, and what lies within something before that.
            let deletes = Endpoints.all.filter { $0.method == .delete }.sorted { $0.path.count > $1.path.count }
            for endpoint in Endpoints.all.filter({ $0.method != .delete }) + deletes {
                let tenant = endpoint.id == "deleteTenant" ? "other" : "acme"
                let path = endpoint.path.replacing("{tenant}", with: tenant).replacing("{app}", with: "shop")
                    .replacing("{number}", with: "1").replacing("{grantee}", with: "user:alice")
                    .replacing("{token}", with: "ci").replacing("{id}", with: deployed.id.lowercased)
                    .replacing("{secret}", with: "KEY").replacing("{version}", with: "3.13")
                    .replacing("{hostname}", with: "shop.example.com")
                    .replacing("{source}", with: String(repeating: "a", count: 64))
                let body: String? =
                    switch endpoint.body {
                    case "CreateTenant"?, "CreateApp"?: #"{"name":"other"}"#
                    case "Scale"?: #"{"processes":{"web":3}}"#
                    case "Rollback"?: "{}"
                    case "NewGrant"?: #"{"grantee":"user:alice","role":"viewer"}"#
                    case "NewToken"?: #"{"name":"ci","role":"viewer","expires_in":3600}"#
                    case "Policy"?: #"{"stop":30,"reason":"a slow end"}"#
                    case "NewQuota"?: #"{"apps":3}"#
                    case "NewRuntime"?: #"{"image":"localhost/python:3.13","default":true}"#
                    case "Restore"?: #"{"file":"/srv/backup.tar"}"#
                    case "Egress"?: #"{"egress":"list"}"#
                    case "AddDomain"?: #"{"hostname":"shop.example.com"}"#
                    case nil: nil
                    default: #"{"manifest":"x"}"#
                    }
                if case .events = endpoint.answer { continue }
                let answer = try await server.ask(
                    endpoint.method.rawValue, path, ["Content-Type: \(endpoint.bodyType.rawValue)"], body: body)
                if case .archive = endpoint.answer {
                    #expect(answer.status == 200 && answer.body == "backup!\n")
                    #expect(answer.headers["content-type"] == "application/x-tar")
                    #expect(answer.headers["content-length"] == "8")
                    continue
                }
                if case .operation = endpoint.answer {
                    #expect(answer.status == 202, "\(endpoint.id): \(answer.body)")
                    let operation: OperationResource = try answer.decoded()
                    #expect(answer.headers["location"] == Paths.operation(operation.id))
                    #expect(operation.requestId.lowercased == answer.headers["x-request-id"])
                } else {
                    #expect(answer.status == 200, "\(endpoint.id): \(answer.body)")
                }
                #expect(answer.headers["content-type"] == "application/json")
                // One that is all digits has no case; a test is not unlucky that often.
                #expect(!answer.body.contains(/"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"/))
            }
        }
    }

    @Test("Every answer has a new request id, is not cached, and does not say what serves it")
    func commonHeaders() async throws {
        try await TestServer.run { server in
            var seen: Set<String> = []
            for path in ["/v1/status", "/v1/none", "/v1/status?x=1", "/v1/openapi.json"] {
                let own = "X-Request-Id: 00000000-0000-4000-8000-000000000000"
                let answer = try await server.ask("GET", path, [own])
                let id = try #require(answer.headers["x-request-id"].flatMap { UUID(uuidString: $0) })
                #expect(seen.insert(id.uuidString).inserted)
                #expect(id.uuidString.dropFirst(14).first == "4")
                #expect(answer.headers["cache-control"] == "no-store")
                #expect(answer.headers["server"] == nil)
                if answer.status >= 400 { #expect(try answer.problem.requestId == id) }
            }
            #expect(!seen.contains("00000000-0000-4000-8000-000000000000"))
        }
    }

    @Test("A path may have any characters that can be seen, and those that join others")
    func anyPath() async throws {
        try await TestServer.run { server in
            try await server.fill()
            for files in ["/", "/srv/a b", "/\u{1F3FB}", "/\u{301}e"] {
                let body = #"{"manifest":"","files":"\#(files)"}"#
                let answer = try await server.ask("POST", "/v1/tenants/acme/apps/shop/releases", body: body)
                #expect(answer.status == 202, "\(answer.body)")
            }
        }
    }

    @Test("A list goes on where its page before ended")
    func pages() async throws {
        try await TestServer.run { server in
            for name in ["a", "b", "c"] {
                _ = try await server.ask("POST", "/v1/tenants", body: #"{"name":"\#(name)"}"#)
            }
            let first: PageResource<TenantResource> = try await server.ask("GET", "/v1/tenants?limit=2").decoded()
            #expect(first.items.map(\.name.rawValue) == ["a", "b"])
            let next = try #require(first.next)
            let second: PageResource<TenantResource> = try await server.ask("GET", "/v1/tenants?cursor=\(next)")
                .decoded()
            #expect(second.items.map(\.name.rawValue) == ["c"])
            #expect(second.next == nil)
        }
    }

    @Test("Operations are chosen by tenant, app and state")
    func chosenOperations() async throws {
        try await TestServer.run { server in
            try await server.fill()
            let query = "/v1/operations?tenant=acme&app=shop&state=succeeded&limit=100"
            let page: PageResource<OperationResource> = try await server.ask("GET", query).decoded()
            #expect(page.items.map(\.kind) == [.createApp])
        }
    }

    @Test("A caller is known by its login name, and an operation carries it")
    func callerName() async throws {
        try await TestServer.run { server in
            let operation: OperationResource = try await server.ask("POST", "/v1/tenants", body: #"{"name":"acme"}"#)
                .decoded()
            let caller = try #require(await server.domain.lastCaller)
            #expect(operation.caller == caller.name)
            #expect(caller.files == .anybodys)
            #expect(Peer(user: 0, groups: []).name == "root")
            #expect(Peer(user: 4_000_000_000, groups: []).name == "unknown")
        }
    }
}
