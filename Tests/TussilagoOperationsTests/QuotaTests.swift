import FoundationEssentials
import Testing
import TussilagoCore
import TussilagoTestKit

@testable import SQLiteLedger
@testable import TussilagoOperations

/// Quotas, from the operation that sets them to the one that they stop.
@Suite struct QuotaTests {
    private func slice(_ platform: Platform) async -> String? {
        await platform.host.host.units[.system(platform.shop.tenant.slice)]
    }

    @Test("A quota is a limit of the tenant's slice, and gone when it is taken away")
    func slice() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let tenant = platform.shop.tenant
        let quota = Quota(apps: 2, memory: .mebibytes(512), cpuPercent: 150)
        #expect(try await platform.run(.setQuota(tenant, quota)).state == .succeeded)
        let text = try #require(await slice(platform))
        #expect(text.contains("[Slice]\nMemoryMax=536870912\nMemorySwapMax=0\nCPUQuota=150%\n"))
        #expect(text.contains("Quota=apps=2 memory=536870912 cpu=150\n"))
        #expect(await platform.host.host.outages.isEmpty)
        #expect(try await Survey(platform.outside).findings() == [])
        #expect(try await platform.run(.setQuota(tenant, Quota())).state == .succeeded)
        #expect(await slice(platform)?.contains("MemoryMax") == false)
    }

    @Test("A deploy that would be too much is refused before it begins, or fails with nothing touched")
    func refuses() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let used = try await platform.ledger.usage(of: platform.shop.tenant)
        _ = try await platform.run(.setQuota(platform.shop.tenant, Quota(hostnames: 1)))
        let two = try platform.deploy("two", hostnames: ["a.example.org", "b.example.org"])
        let error = await #expect(throws: PortError.self) { _ = try await platform.run(two) }
        #expect(error?.code == .quotaExceeded && error?.subject == "hostnames")
        #expect(try await platform.ledger.usage(of: platform.shop.tenant) == used)
        // Two that are accepted while there is room for one: the second finds out when it makes its release.
        let other = AppReference(tenant: platform.shop.tenant, app: AppName(unchecked: "other"))
        _ = try await platform.run(.createApp(other))
        _ = try await platform.run(.setQuota(platform.shop.tenant, Quota(hostnames: 2)))
        guard case .deploy(_, let deployment) = try platform.deploy("three", hostnames: ["c.example.org"]),
            case .deploy(_, let more) = try platform.deploy("four", hostnames: ["d.example.org", "shop.example.org"])
        else { return }
        async let first = platform.run(.deploy(other, deployment))
        async let second = try? platform.run(.deploy(platform.shop, more))
        let outcomes = (try await first.state, await second?.state)
        let total = try await platform.ledger.usage(of: platform.shop.tenant)[.hostnames]
        #expect(total <= 2, "\(outcomes)")
        #expect(await platform.host.host.outages.isEmpty)
    }

    @Test("A lost ledger has the quota of the slice again")
    func survivesLoss() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let quota = Quota(instances: 9, memory: .mebibytes(512))
        _ = try await platform.run(.setQuota(platform.shop.tenant, quota))
        await platform.ledger.close()
        try FileManager.default.removeItem(atPath: platform.path)
        let next = try await platform.next()
        #expect(try await next.ensure() != nil)
        #expect(try await next.ledger.tenant(platform.shop.tenant)?.tenant.quota == quota)
        #expect(try await Survey(next.outside).findings() == [])
        #expect(try await next.ledger.auditChains().map(\.reason).contains { $0.hasPrefix("gap: ") })
    }

    @Test("A restored host has the old one's grants, quotas and records, and says where they are from")
    func restore() async throws {
        let old = try await Platform()
        try await old.withShop()
        _ = try await old.run(.setQuota(old.shop.tenant, Quota(apps: 7)))
        let entry = AuditEntry(
            at: Date(), caller: "root", verb: "grant.create", subject: "acme", tenant: "acme", outcome: .done,
            requestID: UUID())
        let grant = Grant(
            realm: .tenant(old.shop.tenant), grantee: try Grantee("user:alice"), number: 1_000, role: .viewer,
            by: "root", at: Date(timeIntervalSince1970: 1_750_000_000))
        try await old.ledger.add(grant, entry)
        let records = try await old.ledger.auditRecords(PageQuery(limit: 100)).items
        let path = try await old.backup()
        let new = try await Platform()
        #expect(try await new.run(.restore(path)).state == .succeeded)
        #expect(try await new.ledger.access().grants == [grant])
        #expect(try await new.ledger.tenant(old.shop.tenant)?.tenant.quota == Quota(apps: 7))
        let chains = try await new.ledger.verifyAudit()
        #expect(chains.map(\.fault) == Array(repeating: nil, count: chains.count))
        #expect(chains.last?.chain.reason.contains("a backup was restored") == true)
        let known = try await new.ledger.auditRecords(PageQuery(limit: 100)).items
        #expect(Array(known.prefix(records.count)) == records)
    }
}
