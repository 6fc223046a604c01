import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Authorization")
struct AuthorizationTests {
    static let own = TenantName(unchecked: "acme"), foreign = TenantName(unchecked: "umbra")

    @Test("Root and the admins' group are admins of the host, the viewers' group may look, everyone else has no role")
    func roles() {
        let authorization = Authorization(adminGroup: 100, viewerGroup: 200)
        #expect(authorization.role(of: Peer(user: 0, groups: [])) == .admin)
        #expect(authorization.role(of: Peer(user: 1, groups: [1, 100])) == .admin)
        #expect(authorization.role(of: Peer(user: 1, groups: [200, 100])) == .admin)
        #expect(authorization.role(of: Peer(user: 1, groups: [200])) == .viewer)
        #expect(authorization.role(of: Peer(user: 1, groups: [1, 300])) == nil)
        #expect(authorization.role(of: Peer(user: .max, groups: [])) == nil)
    }

    @Test("A group that the host does not have has no members")
    func missingGroups() {
        let authorization = Authorization(adminGroup: nil, viewerGroup: nil)
        #expect(authorization.role(of: Peer(user: 1, groups: [0, 1, .max])) == nil)
        #expect(authorization.role(of: Peer(user: 0, groups: [])) == .admin)
    }

    // MARK: The table

    @Test("Every endpoint has a rule, every rule an endpoint, and what has none is denied to root as well")
    func table() async throws {
        for endpoint in Endpoints.all { #expect(endpoint.access.rule != nil, "\(endpoint.id): \(endpoint.access)") }
        let used = Set(Endpoints.all.map(\.access))
        for access in AccessTable.rules.keys { #expect(used.contains(access), "\(access)") }
        let unruled = Access(.verify, .host)
        #expect(unruled.rule == nil)
        let endpoint = Endpoint.get("/v1/status", "getStatus", unruled, "", answer: .document) { _ in
            try .json(["passed"])
        }
        try await TestServer.run(endpoints: [endpoint]) { server in
            let answer = try await server.ask("GET", "/v1/status")
            #expect(answer.status == 403)
        }
    }

    @Test("Only what looks at something is for viewers, and no role in a tenant reaches the host")
    func least() {
        for endpoint in Endpoints.all {
            guard let rule = endpoint.access.rule else { continue }
            if rule.host == .viewer || rule.tenant == .viewer { #expect(endpoint.method == .get, "\(endpoint.id)") }
            if let tenant = rule.tenant { #expect(tenant >= rule.host, "\(endpoint.id)") }
            let isHosts = [.host].contains(endpoint.access.resource) || endpoint.access == Access(.create, .tenant)
            if isHosts { #expect(rule.tenant == nil, "\(endpoint.id)") }
        }
    }

    // MARK: The matrix

    /// Someone with one role in one place, or none.
    struct Someone: Sendable, CustomTestStringConvertible {
        let role: Role?
        let realm: Realm
        var isToken = true
        var testDescription: String { "\(role?.rawValue ?? "nobody") of \(realm)\(isToken ? ", by a token" : "")" }

        static let all: [Someone] = Role.allCases.flatMap { role in
            [Realm.host, .tenant(own)].map { Someone(role: role, realm: $0) }
        }

        /// What the table says of a request about a tenant; 200 when it is let through.
        func expected(_ endpoint: Endpoint, about tenant: TenantName) -> Int {
            guard let role, let rule = endpoint.access.rule else { return 403 }
            let isBound = endpoint.path.contains("{tenant}") || endpoint.path.contains("{id}")
            if isBound, let mine = realm.tenant, mine != tenant { return 404 }
            if isToken, !rule.byToken { return 403 }
            switch realm {
            case .host: return role >= rule.host ? 200 : 403
            case .tenant: return rule.tenant.map { role >= $0 } ?? false ? 200 : 403
            }
        }
    }

    /// All endpoints, with their own paths, methods and rules, that only say that the request came through.
    private static let passing = Endpoints.all.map { endpoint in
        Endpoint(
            method: endpoint.method, path: endpoint.path, id: endpoint.id, summary: "", access: endpoint.access,
            query: endpoint.query, headers: [], body: endpoint.body, answer: .document
        ) { _ in try .json(["passed"]) }
    }

    private static func path(_ endpoint: Endpoint, _ tenant: TenantName, operation: UUID) -> String {
        endpoint.path.replacing("{tenant}", with: tenant.rawValue).replacing("{app}", with: "shop")
            .replacing("{number}", with: "1").replacing("{id}", with: operation.lowercased)
            .replacing("{grantee}", with: "user:alice").replacing("{token}", with: "ci").replacing(
                "{secret}", with: "KEY")
    }

    private static var patient: APILimits {
        var limits = APILimits()
        limits.requestBurst = 100_000
        return limits
    }

    /// Two tenants, and an operation about each.
    private static func fill(_ server: TestServer) async throws -> [TenantName: UUID] {
        var operations: [TenantName: UUID] = [:]
        for tenant in [own, foreign] {
            let asked = try await server.domain.submit(
                .createTenant(CreateRequest(name: tenant.rawValue)), by: Caller(name: "root", files: .anybodys),
                requestID: UUID(), key: nil, waiting: false)
            operations[tenant] = asked.id
        }
        return operations
    }

    @Test(
        "Every endpoint is let through or refused to every role as the table says, foreign things as missing ones",
        arguments: Someone.all)
    func matrix(_ someone: Someone) async throws {
        try await TestServer.run(limits: Self.patient, endpoints: Self.passing) { server in
            let operations = try await Self.fill(server)
            guard let role = someone.role else { return }
            let secret = server.domain.rights.token(role, in: someone.realm)
            for endpoint in Endpoints.all {
                for tenant in [Self.own, Self.foreign] {
                    let path = Self.path(endpoint, tenant, operation: operations[tenant] ?? UUID())
                    let answer = try await server.ask(
                        endpoint.method.rawValue, path, ["Authorization: Bearer \(secret)"],
                        body: endpoint.body.map { _ in "{}" })
                    let expected = someone.expected(endpoint, about: tenant)
                    #expect(answer.status == expected, "\(endpoint.id) about \(tenant): \(answer.body)")
                }
            }
        }
    }

    /// Another user can only be tried by who may become one.
    private static let canTry = getuid() == 0 && Command.exists("/usr/bin/setpriv") && Command.exists("/usr/bin/curl")

    /// The same by accounts of the host: `nobody`, in the group `daemon` or in none, which every Debian has.
    @Test(
        "The same holds for users and groups, whatever other headers say", .enabled(if: canTry),
        arguments: [
            (Someone(role: nil, realm: .host, isToken: false), "user")
        ]
            + Role.allCases.flatMap { role in
                [Realm.host, .tenant(own)].flatMap { realm in
                    ["user", "group"].map { (Someone(role: role, realm: realm, isToken: false), $0) }
                }
            })
    func accounts(_ someone: Someone, _ kind: String) async throws {
        let authorization = Authorization(adminGroup: nil, viewerGroup: nil)
        try await TestServer.run(limits: Self.patient, authorization: authorization, endpoints: Self.passing) {
            server in
            let operations = try await Self.fill(server)
            if let role = someone.role {
                let grantee = try kind == "user" ? Grantee("user:nobody") : Grantee("group:daemon")
                server.domain.rights.grant(role, grantee, kind == "user" ? 65_534 : 1, in: someone.realm)
            }
            var requests: [[String]] = [], expected: [String] = []
            for endpoint in Endpoints.all {
                for tenant in [Self.own, Self.foreign] {
                    let path = Self.path(endpoint, tenant, operation: operations[tenant] ?? UUID())
                    var request = [
                        "-s", "-o", "/dev/null", "-w", "%{http_code}\n", "--unix-socket", server.socket.path, "-X",
                        endpoint.method.rawValue, "-H", "X-Forwarded-User: root", "-H", "Remote-User: root",
                        "http://localhost\(path)",
                    ]
                    if endpoint.body != nil { request += ["-H", "Content-Type: application/json", "-d", "{}"] }
                    requests.append(request)
                    expected.append("\(endpoint.id) about \(tenant): \(someone.expected(endpoint, about: tenant))")
                }
            }
            let become = ["setpriv", "--reuid=65534", "--regid=65534", "--groups=\(kind == "group" ? "1" : "4")"]
            let answer = try await Command.run(become + ["curl"] + requests.joined(separator: ["--next"]))
            let seen = zip(expected, answer.output.split(separator: "\n")).map { "\($0.prefix { $0 != ":" }): \($1)" }
            #expect(seen == expected)
        }
    }

    @Test("An account that was made anew under the same name has nothing of what the old one had", .enabled(if: canTry))
    func renewed() async throws {
        try await TestServer.run(authorization: Authorization(adminGroup: nil, viewerGroup: nil)) { server in
            let curl = [
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-s", "-o", "/dev/null", "-w",
                "%{http_code}", "--unix-socket", server.socket.path, "http://localhost/v1/status",
            ]
            // The number is that of an older nobody.
            server.domain.rights.grant(.admin, try Grantee("user:nobody"), 65_533, in: .host)
            // And a number alone, of another name, is not enough.
            server.domain.rights.grant(.admin, try Grantee("user:gone"), 65_534, in: .host)
            #expect(try await Command.run(curl).output == "403")
            server.domain.rights.grant(.viewer, try Grantee("user:nobody"), 65_534, in: .host)
            #expect(try await Command.run(curl).output == "200")
        }
    }

    @Test("A stranger does not learn which paths there are", .enabled(if: canTry))
    func stranger() async throws {
        try await TestServer.run(authorization: Authorization(adminGroup: nil, viewerGroup: nil)) { server in
            let curl = ["curl", "-s", "--unix-socket", server.socket.path, "http://localhost/v1/none"]
            let answer = try await Command.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + curl)
            #expect(answer.output.contains("\"code\":\"forbidden\""))
        }
    }

    // MARK: What is foreign

    @Test("What is foreign is answered byte by byte as what is not there is; a viewer of the host sees it")
    func foreignIsMissing() async throws {
        try await TestServer.run(limits: Self.patient) { server in
            let operations = try await Self.fill(server)
            let secret = server.domain.rights.token(.admin, in: .tenant(Self.own))
            let viewer = server.domain.rights.token(.viewer, in: .host, name: "viewer")
            var count = 0
            for endpoint in Endpoints.all where endpoint.path.contains("{tenant}") || endpoint.path.contains("{id}") {
                func ask(_ tenant: String, _ id: UUID, _ secret: String) async throws -> RawAnswer {
                    let path = Self.path(endpoint, TenantName(unchecked: tenant), operation: id)
                    return try await server.ask(
                        endpoint.method.rawValue, path, ["Authorization: Bearer \(secret)"],
                        body: endpoint.body.map { _ in "{\"no\":1}" })
                }
                let id = operations[Self.foreign] ?? UUID(), none = UUID()
                let foreign = try await ask("umbra", id, secret), missing = try await ask("vacua", none, secret)
                #expect(foreign.status == 404, "\(endpoint.id): \(foreign.body)")
                #expect(plain(foreign) == plain(missing).replacing("vacua", with: "umbra"), "\(endpoint.id)")
                if endpoint.access.rule?.host == .viewer, endpoint.id != "watchOperation" {
                    #expect(try await ask("umbra", id, viewer).body != foreign.body, "\(endpoint.id)")
                }
                count += 1
            }
            #expect(count > 20)
        }
    }

    /// An answer without the id of its request, which is always another.
    private func plain(_ answer: RawAnswer) -> String {
        var headers = answer.headers
        let id = headers.removeValue(forKey: "x-request-id") ?? "-"
        headers["date"] = nil
        let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return "\(answer.status)\n\(lines.joined(separator: "\n"))\n\(answer.body.replacing(id, with: "ID"))"
    }

    @Test("A refusal is recorded, with what was asked for, and so is a look at what is foreign")
    func refusalsAreRecorded() async throws {
        try await TestServer.run { server in
            _ = try await Self.fill(server)
            let secret = server.domain.rights.token(.viewer, in: .tenant(Self.own))
            let header = ["Authorization: Bearer \(secret)"]
            #expect(try await server.ask("DELETE", "/v1/tenants/acme", header).status == 403)
            #expect(try await server.ask("POST", "/v1/tenants/umbra/apps/shop/stop", header).status == 404)
            #expect(try await server.ask("GET", "/v1/tenants/acme", header).status == 200)
            #expect(try await server.ask("GET", "/v1/status", ["Authorization: Bearer tsl_none"]).status == 401)
            let entries = server.domain.rights.entries
            #expect(entries.map(\.verb) == ["tenant.delete", "app.stop", "host.connect"])
            #expect(entries.map(\.subject) == ["acme", "umbra/shop", "the host"])
            #expect(entries.map(\.detail) == ["forbidden", "not-found", "unauthorized"])
            #expect(entries.allSatisfy { $0.outcome == .refused })
            #expect(entries.first?.caller.hasSuffix("(token ci)") == true)
        }
    }

    @Test("However many requests are refused, so many records are written, and the number of the others")
    func refusalsAreBounded() async throws {
        try await TestServer.run(limits: Self.patient) { server in
            let secret = server.domain.rights.token(.viewer, in: .tenant(Self.own))
            for _ in 0..<300 {
                _ = try await server.ask("GET", "/v1/status", ["Authorization: Bearer \(secret)"])
            }
            #expect((60..<100).contains(server.domain.rights.entries.count))
        }
    }
}
