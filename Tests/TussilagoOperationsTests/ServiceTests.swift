import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoAPI
import TussilagoCore
import TussilagoTestKit

@testable import TussilagoOperations

@Suite struct ServiceTests {
    let platform: Platform
    let databases: InMemoryDatabases

    init() async throws {
        platform = try await Platform()
        databases = platform.databases
        _ = try await platform.run(.createTenant(platform.shop.tenant))
        _ = try await platform.run(.createApp(platform.shop))
    }

    private func deploy(
        _ text: String = "one", services: Bool = true, extensions: [DatabaseExtension] = []
    ) throws -> TussilagoCore.Operation.Request {
        let service = ServiceSpecification(name: try ServiceName("db"), type: .postgres, extensions: extensions)
        let manifest = Manifest(
            processes: [try Make.process()], environment: [try EnvironmentVariable(name: "TEXT", value: text)],
            drainSeconds: 0, services: services ? [service] : [])
        return .deploy(platform.shop, Deployment(image: try Make.image().reference, manifest: manifest))
    }

    private var database: Database {
        get async throws { Database(of: try #require(try await platform.ledger.app(platform.shop)).app.id) }
    }

    private func current() async throws -> Release {
        try #require(try await platform.ledger.app(platform.shop)?.current)
    }

    /// The role of the release that serves.
    private func role() async throws -> DatabaseRole {
        DatabaseRole(of: try #require(try await current().secrets.first { $0.name == .databaseURL }).credential)
    }

    private func roles() async throws -> Set<DatabaseRole> {
        Set((await databases.roles[try await database] ?? [:]).keys)
    }

    @Test func `a deploy makes the database, and its release alone is let in`() async throws {
        #expect(try await platform.run(deploy(extensions: [.citext])).state == .succeeded)
        let database = try await database
        #expect(await databases.databases == [database: [.citext]])
        let role = try await role()
        #expect(try await roles() == [role])
        let url = try await platform.secrets.open(role.credential)
        #expect(await databases.roles[database]?[role] == DatabaseURL.password(of: url))
        #expect(try await platform.ledger.services(of: platform.shop).map(\.database) == [database])
        // Another deploy has the same.
        #expect(try await platform.run(deploy("two")).state == .succeeded)
        #expect(try await roles() == [role])
        #expect(try await self.role() == role)
        #expect(await databases.databases.count == 1)
    }

    @Test func `instances have the pooler's socket, and those of other apps do not`() async throws {
        _ = try await platform.run(deploy())
        let text = try #require(try await current().templates.values.first).text
        #expect(text.contains("Volume=/run/tussilago-pgbouncer/acme:/run/postgresql:ro\n"))
        #expect(text.contains("Requires=tussilago-pgbouncer@acme.socket\n"))
        _ = try await platform.run(deploy(services: false))
        let other = try #require(try await current().templates.values.first).text
        #expect(!other.contains("pgbouncer") && !other.contains("/run/postgresql"))
        // Its data are kept, and nobody gets in.
        #expect(await databases.databases.count == 1)
        #expect(try await roles() == [])
    }

    @Test func `a rotation lets the new one in before the old one goes`() async throws {
        _ = try await platform.run(deploy())
        let old = try await role()
        #expect(try await platform.run(.rotateServices(platform.shop)).state == .succeeded)
        let new = try await role()
        #expect(new != old)
        #expect(try await roles() == [new])
        // To go back is to let it in again.
        #expect(try await platform.run(.rollback(platform.shop, nil)).state == .succeeded)
        #expect(try await roles() == [old])
        // What was in use before is not new.
        #expect(try await platform.run(.rotateServices(platform.shop)).state == .succeeded)
        #expect(try await ![old, new].contains(role()))
        #expect(try await roles() == [role()])
    }

    @Test func `a rotation that the app refuses leaves what was`() async throws {
        _ = try await platform.run(deploy())
        let old = try await role()
        let next = Instance(
            app: platform.shop, process: try ProcessName("web"), generation: 1, release: ReleaseNumber.first.next)
        await platform.host.change { $0.broken.insert(next.unit) }
        #expect(try await platform.run(.rotateServices(platform.shop)).state == .failed)
        #expect(try await role() == old)
        #expect(try await roles() == [old])
    }

    @Test func `a reconcile lets in who shall be, and nobody else`() async throws {
        _ = try await platform.run(deploy())
        let database = try await database, role = try await role()
        var text = Array("x".utf8)
        try await databases.admit(DatabaseRole(of: UUID()), password: Secret(taking: &text), to: database)
        #expect(try await roles().count == 2)
        #expect(try await platform.run(.reconcile).state == .succeeded)
        #expect(try await roles() == [role])
        try await databases.dismiss(from: database, except: [])
        #expect(try await platform.run(.reconcile).state == .succeeded)
        #expect(try await roles() == [role])
        // Data are not made up.
        try await databases.drop(database)
        #expect(try await platform.run(.reconcile).state == .succeeded)
        #expect(await databases.databases.isEmpty)
    }

    @Test func `a server that is away is waited for`() async throws {
        let away = PortError(.unavailable, "databases", cause: "it does not answer")
        await databases.fail(Array(repeating: away, count: 12))
        #expect(try await platform.run(deploy()).state == .succeeded)
        #expect(try await roles() == [try await role()])
    }

    @Test func `what the server refuses fails the deploy, and what was serves on`() async throws {
        _ = try await platform.run(deploy(services: false))
        let before = try await current()
        await databases.fail([PortError(.unexpected, "databases", cause: "it refused")])
        #expect(try await platform.run(deploy("two")).state == .failed)
        #expect(try await current() == before)
        #expect(try await platform.run(deploy("three")).state == .succeeded)
    }

    @Test func `a deleted app's database is kept for seven days, and nobody gets in`() async throws {
        _ = try await platform.run(deploy())
        let database = try await database
        #expect(try await platform.run(.deleteApp(platform.shop)).state == .succeeded)
        #expect(await databases.databases.count == 1)
        #expect(await databases.roles[database] == [:])
        #expect(try await platform.ledger.services(of: platform.shop) == [])
        #expect(try await platform.run(.collect).state == .succeeded)
        #expect(await databases.databases.count == 1)
        let later = try await platform.next(at: Date().addingTimeInterval(8 * 86_400))
        #expect(try await later.run(.collect).state == .succeeded)
        #expect(await databases.databases.isEmpty)
        #expect(try await platform.ledger.releasedServices() == [])
    }

    @Test func `an app of the same name gets another database`() async throws {
        _ = try await platform.run(deploy())
        let first = try await database
        _ = try await platform.run(.deleteApp(platform.shop))
        _ = try await platform.run(.createApp(platform.shop))
        #expect(try await platform.run(deploy()).state == .succeeded)
        #expect(try await database != first)
        #expect(Set(await databases.databases.keys) == [first, try await database])
    }

    @Test func `a purge removes it at once`() async throws {
        _ = try await platform.run(deploy())
        #expect(try await platform.run(.deleteApp(platform.shop, purge: true)).state == .succeeded)
        #expect(await databases.databases.isEmpty)
        #expect(try await platform.ledger.releasedServices() == [])
    }

    @Test func `a plan is shown before there is any credential`() async throws {
        let record = try #require(try await platform.ledger.app(platform.shop))
        let tenant = try #require(try await platform.ledger.tenant(platform.shop.tenant)).tenant
        guard case .deploy(_, let deployment) = try deploy() else { return }
        let plan = try await PlanPreview(platform.outside, caddy: CaddyConfiguration()).preview(
            deployment, of: record, tenant: tenant)
        #expect(plan.changes.contains { $0.after?.contains("/run/postgresql") == true })
        #expect(await databases.databases.isEmpty)
    }
}
