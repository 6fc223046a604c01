import FoundationEssentials
import Glibc
import HTTPTypes
import NIOCore
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("The OpenAPI document")
struct OpenAPITests {
    private func document() throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(OpenAPIDocument.bytes.readableBytesView))
    }

    private func members(_ value: JSONValue?) -> [String: JSONValue] {
        if case .object(let members)? = value { members } else { [:] }
    }

    @Test("It describes exactly the endpoints of the table")
    func coverage() throws {
        let described = members(try document()["paths"]).flatMap { path, methods in
            members(methods).keys.map { "\($0) \(path)" }
        }
        #expect(Set(described) == Set(Endpoints.all.map { "\($0.method.rawValue.lowercased()) \($0.path)" }))
        #expect(described.count == Endpoints.all.count)
        #expect(Set(Endpoints.all.map(\.id)).count == Endpoints.all.count)
    }

    @Test("The paths that clients build are all described")
    func clientPaths() throws {
        let app = try AppReference("acme/shop"), id = UUID(), alice = try AccountName("alice")
        let hostname = try Hostname("shop.example.com")
        let paths =
            [
                Paths.status, Paths.openAPI, Paths.tenants, Paths.apps, Paths.operations, Paths.tenant(app.tenant),
                Paths.apps(app.tenant), Paths.app(app), Paths.appStatus(app), Paths.releases(app),
                Paths.release(app, .first),
                Paths.routes(app), Paths.plan(app), Paths.action(app, "start"), Paths.action(app, "stop"),
                Paths.action(app, "restart"), Paths.action(app, "scale"), Paths.action(app, "rollback"),
                Paths.operation(id), Paths.events(id), Paths.cancel(id), Paths.findings, Paths.reconcile, Paths.waste,
                Paths.collect, Paths.backup, Paths.restore, Paths.quotas, Paths.quota(app.tenant), Paths.audit,
                Paths.auditReport, Paths.secrets(app), Paths.secret(app, try SecretName("KEY")),
                Paths.action(app, "rotate"), Paths.runtimes, Paths.runtime(try PythonVersion("3.13")),
                Paths.source(try Digest(String(repeating: "a", count: 64)), app),
                Paths.services(app), "\(Paths.services(app))/rotate", Paths.egress(app.tenant),
                Paths.policy(app.tenant),
                Paths.domains(app.tenant),
                Paths.domain(hostname, of: app.tenant), Paths.verify(hostname, of: app.tenant),
            ]
            + [Realm.host, .tenant(app.tenant)].flatMap { realm in
                [
                    Paths.grants(realm), Paths.grant(.user(alice), realm), Paths.tokens(realm),
                    Paths.token(TokenName(unchecked: "ci"), realm),
                ]
            }
        for path in paths { #expect(Endpoints.all.contains { $0.matches(path) }, "\(path)") }
        for endpoint in Endpoints.all { #expect(paths.contains { endpoint.matches($0) }, "\(endpoint.path)") }
    }

    @Test("Everything that it refers to is there, and every schema is referred to")
    func references() throws {
        let document = try document()
        let text = String(decoding: OpenAPIDocument.bytes.readableBytesView, as: UTF8.self)
        let references = Set(
            text.matches(of: /"\$ref" : "#\/components\/(\w+)\/(\w+)"/).map { [String($0.1), String($0.2)] })
        #expect(!references.isEmpty)
        for reference in references {
            #expect(document["components"]?[reference[0]]?[reference[1]] != nil, "\(reference)")
        }
        for name in Schemas.all.keys { #expect(references.contains(["schemas", name]), "\(name)") }
    }

    @Test("It has a response for every status that a problem has")
    func statuses() throws {
        let described = Set(members(try document()["components"]?["responses"]).keys)
        #expect(described == Set(Problem.Code.allCases.map { String($0.status) } + ["431"]))
    }

    @Test("A validator finds nothing wrong with it", .enabled(if: validator != nil))
    func validity() async throws {
        let file = "/tmp/tsl-openapi-\(getpid()).json"
        try Data(OpenAPIDocument.bytes.readableBytesView).write(to: URL(filePath: file))
        defer { unlink(file) }
        let result = try await Command.run([try #require(Self.validator), file])
        #expect(result.status == 0, "\(result.output)")
    }

    /// `pip install openapi-spec-validator`.
    private static let validator = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/openapi-spec-validator" }.first(where: Command.exists)
}
