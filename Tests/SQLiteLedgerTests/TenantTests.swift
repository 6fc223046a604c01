import FoundationEssentials
import Testing
import TussilagoCore

@testable import SQLiteLedger

@Suite struct TenantTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    @Test func `a tenant is read back with how many apps it has`() async throws {
        #expect(try await ledger.tenant(acme) == nil)
        let tenant = try await ledger.addTenant(acme, id: UUID(), at: someTime)
        #expect(try await ledger.tenant(acme) == TenantRecord(tenant: tenant, createdAt: someTime, apps: 0))
        try await ledger.addApps(shop, blog, AppReference(tenant: globex, app: shop.app))
        #expect(try await ledger.tenant(acme) == TenantRecord(tenant: tenant, createdAt: someTime, apps: 2))
        #expect(try await ledger.counts() == LedgerCounts(tenants: 2, apps: 3, openOperations: 0))
    }

    @Test func `to add a tenant or an app again gives what is there`() async throws {
        let tenant = try await ledger.addTenant(acme, id: UUID(), at: someTime)
        #expect(try await ledger.addTenant(acme, id: UUID(), at: Date()) == tenant)
        let app = try await ledger.addApp(shop, id: UUID(), at: someTime)
        #expect(try await ledger.addApp(shop, id: UUID(), at: Date()) == app)
        #expect(try await ledger.app(shop) == AppRecord(app: app, createdAt: someTime, current: nil))
        #expect(try await ledger.addTenant(globex, id: UUID(), at: someTime).users.index == 1)
    }

    @Test func `a range of users is never given out again`() async throws {
        let first = try await ledger.addTenant(acme, id: UUID(), at: someTime)
        let second = try await ledger.addTenant(globex, id: UUID(), at: someTime)
        try await ledger.removeTenant(globex)
        try await ledger.removeTenant(acme)
        #expect(try await ledger.tenant(acme) == nil)
        await ledger.close()
        let third = try await file.open().addTenant(acme, id: UUID(), at: someTime)
        #expect(Set([first, second, third].map(\.users.index)).count == 3)
    }

    @Test func `when all ranges were given out a tenant is refused and known ones are not`() async throws {
        try await ledger.addApps(shop)
        await ledger.close()
        try Connection(path: file.path).script("UPDATE counter SET next = \(UserRange.count - 1) WHERE name = 'users'")
        let last = try await ledger.addTenant(globex, id: UUID(), at: someTime)
        #expect(last.users.index == UserRange.count - 1)
        await expect(.refused, "initech") {
            try await ledger.addTenant(TenantName(unchecked: "initech"), id: UUID(), at: someTime)
        }
        #expect(try await ledger.addTenant(globex, id: UUID(), at: someTime) == last)
    }

    @Test func `a network is given out again only when all were, and refused when apps have them all`() async throws {
        try await ledger.addApps(shop, blog)
        let before = try #require(try await ledger.app(blog)).app.network.index
        try await ledger.removeApp(blog)
        #expect(try await ledger.addApp(blog, id: UUID(), at: someTime).network.index == before + 1)
        await ledger.close()
        try Connection(path: file.path).script("UPDATE counter SET next = \(AppNetwork.count) WHERE name = 'network'")
        let late = try AppReference("acme/late")
        #expect(try await ledger.addApp(late, id: UUID(), at: someTime).network.index == before)
        try await ledger.removeApp(late)
        await ledger.close()
        try Connection(path: file.path).script(
            """
            WITH RECURSIVE network (number) AS (
                VALUES (0) UNION ALL SELECT number + 1 FROM network WHERE number + 1 < \(AppNetwork.count))
            INSERT INTO app (tenant, name, id, network, created_at)
                SELECT 'acme', 'a' || number, 'id' || number, number, 0 FROM network
                WHERE number NOT IN (SELECT network FROM app)
            """)
        await expect(.refused, "acme/late") { try await ledger.addApp(late, id: UUID(), at: someTime) }
    }

    @Test func `a tenant that has apps is not removed`() async throws {
        try await ledger.addApps(shop)
        await expect(.refused, "acme") { try await ledger.removeTenant(acme) }
        #expect(try await ledger.tenant(acme)?.apps == 1)
        try await ledger.removeApp(shop)
        try await ledger.removeTenant(acme)
        #expect(try await ledger.tenant(acme) == nil)
    }

    @Test func `to remove what is not there is no error`() async throws {
        try await ledger.removeTenant(acme)
        try await ledger.removeApp(shop)
        #expect(try await ledger.counts().tenants == 0)
    }

    @Test func `an app needs its tenant`() async throws {
        await expect(.notFound, "acme") { try await ledger.addApp(shop, id: UUID(), at: someTime) }
    }

    @Test func `an app that is made anew is another app and its releases begin at 1`() async throws {
        try await ledger.addApps(shop)
        let before = try #require(try await ledger.app(shop)).app
        try await ledger.deploy(release(4))
        let asked = try await ledger.accept(operation(.deleteApp(shop)), key: nil, waiting: false)
        try await ledger.removeApp(shop)
        #expect(try await ledger.app(shop) == nil)
        #expect(try await ledger.releases(of: shop, PageQuery()).items.isEmpty)
        #expect(try await ledger.routes() == RouteTable())
        #expect(try await ledger.operation(asked.id) == asked)
        try await ledger.addApps(shop, blog)
        #expect(try #require(try await ledger.app(shop)).app.id != before.id)
        #expect(try await ledger.history(of: shop) == ReleaseHistory())
        try await ledger.deploy(release(1, of: blog))
    }

    @Test func `pages of 250 tenants and apps lose and repeat nothing`() async throws {
        let names = (0..<250).map { TenantName(unchecked: "t\($0)") }.sorted()
        for name in names.shuffled() {
            try await ledger.addApps(AppReference(tenant: name, app: shop.app))
        }
        let tenants = try await everything(limit: 100) { try await ledger.tenants($0) }
        #expect(tenants.items.map(\.tenant.name) == names)
        #expect(tenants.sizes == [100, 100, 50])
        let apps = try await everything(limit: 100) { try await ledger.apps(of: nil, $0) }
        #expect(apps.items.map(\.app.reference.tenant) == names)
    }

    @Test func `a page of apps is of one tenant and by name`() async throws {
        let foreign = AppReference(tenant: globex, app: shop.app)
        try await ledger.addApps(shop, foreign, blog)
        let own = try await everything(limit: 1) { try await ledger.apps(of: acme, $0) }
        #expect(own.items.map(\.app.reference) == [blog, shop])
        #expect(own.sizes == [1, 1])
        let all = try await everything(limit: 2) { try await ledger.apps(of: nil, $0) }
        #expect(all.items.map(\.app.reference) == [blog, shop, foreign])
    }
}
