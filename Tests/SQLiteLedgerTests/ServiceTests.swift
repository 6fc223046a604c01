import FoundationEssentials
import Testing
import TussilagoCore

@testable import SQLiteLedger

@Suite struct ServiceTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    private func service(_ app: AppReference, owner: UUID, name: String = "db") throws -> ServiceRecord {
        ServiceRecord(
            owner: owner, app: app, name: try ServiceName(name), type: .postgres, tier: .shared, createdAt: someTime)
    }

    @Test func `a service is read back, and the same again is the same row`() async throws {
        try await ledger.addApps(shop)
        let id = try #require(try await ledger.app(shop)).app.id
        #expect(try await ledger.services(of: shop) == [])
        let service = try service(shop, owner: id)
        try await ledger.addService(service)
        try await ledger.addService(service)
        #expect(try await ledger.services(of: shop) == [service])
        #expect(try await ledger.services(of: blog) == [])
        try await ledger.addService(try self.service(shop, owner: id, name: "data"))
        #expect(try await ledger.services(of: shop).map(\.name.rawValue) == ["data"])
    }

    @Test func `a service outlives its app until it is removed, and another of the same name has its own`() async throws
    {
        try await ledger.addApps(shop)
        let id = try #require(try await ledger.app(shop)).app.id
        try await ledger.addService(try service(shop, owner: id))
        try await ledger.releaseServices(of: shop, at: someTime)
        try await ledger.removeApp(shop)
        #expect(try await ledger.services(of: shop) == [])
        let released = try await ledger.releasedServices()
        #expect(released.map(\.owner) == [id])
        #expect(released.first?.releasedAt == someTime)
        try await ledger.addApps(shop)
        let other = try #require(try await ledger.app(shop)).app.id
        try await ledger.addService(try service(shop, owner: other))
        #expect(try await ledger.services(of: shop).map(\.owner) == [other])
        try await ledger.removeService(try #require(released.first))
        #expect(try await ledger.releasedServices() == [])
        #expect(try await ledger.services(of: shop).map(\.owner) == [other])
    }
}
