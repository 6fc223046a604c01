import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore

@Suite struct DomainTests {
    let file: LedgerFile
    let ledger: SQLiteLedger
    let store = AppReference(tenant: globex, app: AppName(unchecked: "store"))
    let hostname: Hostname

    init() async throws {
        file = try LedgerFile()
        ledger = file.open()
        hostname = try Hostname("shop.example.org")
        try await ledger.addApps(shop, store)
    }

    private func add(_ tenant: TenantName) async throws -> ClaimedDomain {
        try await ledger.addDomain(hostname, of: tenant, challenge: UUID(), at: someTime)
    }

    @Test func `a claim is kept as it is, and asking again gives the same record`() async throws {
        let domain = try await add(acme)
        #expect(domain.provedAt == nil)
        #expect(try await add(acme) == domain)
        #expect(try await ledger.domains(of: acme) == [domain])
        #expect(try await ledger.domains(of: globex) == [])
    }

    @Test func `tenants may try for the same name with records of their own, and one has it`() async throws {
        let first = try await add(acme), second = try await add(globex)
        #expect(first.challenge != second.challenge)
        try await ledger.proveDomain(hostname, of: globex, voucher: nil, at: someTime)
        #expect(try await ledger.domain(hostname, of: globex)?.provedAt == someTime)
        await expect(.conflict, "shop.example.org") {
            try await ledger.proveDomain(hostname, of: acme, voucher: nil, at: someTime)
        }
        await expect(.conflict, "shop.example.org") {
            try await ledger.proveDomain(hostname, of: acme, voucher: "root", at: someTime)
        }
        #expect(try await ledger.domain(hostname, of: acme)?.provedAt == nil)
        try await ledger.removeDomain(hostname, of: globex)
        try await ledger.proveDomain(hostname, of: acme, voucher: nil, at: someTime)
    }

    @Test func `what an admin's word gave goes to whoever proves it, unless it is in use`() async throws {
        _ = try await add(acme)
        _ = try await add(globex)
        try await ledger.proveDomain(hostname, of: acme, voucher: "root", at: someTime)
        try await ledger.deploy(release(1, hostnames: [hostname.text]))
        await expect(.conflict, "shop.example.org") {
            try await ledger.proveDomain(hostname, of: globex, voucher: nil, at: someTime)
        }
        await expect(.refused, "shop.example.org") { try await ledger.removeDomain(hostname, of: acme) }
        try await ledger.deploy(release(2, hostnames: []))
        try await ledger.proveDomain(hostname, of: globex, voucher: nil, at: someTime)
        #expect(try await ledger.domain(hostname, of: acme)?.provedAt == nil)
        #expect(try await ledger.domain(hostname, of: globex)?.voucher == nil)
    }

    @Test func `a word does not take a proof's place, and a proof takes a word's`() async throws {
        _ = try await add(acme)
        try await ledger.proveDomain(hostname, of: acme, voucher: "root", at: someTime)
        try await ledger.proveDomain(hostname, of: acme, voucher: nil, at: someTime)
        #expect(try await ledger.domain(hostname, of: acme)?.voucher == nil)
        try await ledger.proveDomain(hostname, of: acme, voucher: "root", at: someTime)
        #expect(try await ledger.domain(hostname, of: acme)?.voucher == nil)
    }

    @Test func `claims go with their tenant, and there are not too many`() async throws {
        for number in 0..<ClaimedDomain.limit {
            _ = try await ledger.addDomain(
                try Hostname("a\(number).example"), of: acme, challenge: UUID(), at: someTime)
        }
        await expect(.refused) { try await add(acme) }
        try await ledger.removeApp(shop)
        try await ledger.removeTenant(acme)
        #expect(try await ledger.domains(of: acme) == [])
    }

    @Test func `a grant is kept, and a tenant begins with none`() async throws {
        #expect(try await ledger.tenant(acme)?.egress == EgressGrant.none)
        try await ledger.setEgress(acme, .list)
        #expect(try await file.open().tenant(acme)?.egress == .list)
        #expect(try await ledger.tenant(globex)?.egress == EgressGrant.none)
    }

    /// Two tenants ask for the same 200 names at the same time, each in a spelling of its own.
    @Test func `of two tenants with 200 colliding spellings each name has exactly one owner`() async throws {
        func spelling(_ number: Int, _ variant: Int) -> String {
            let name = "a\(number).shop-name.example.org"
            let text = name.enumerated().map {
                ($0.offset + variant) % (number % 5 + 2) == 0 ? $0.element.uppercased() : "\($0.element)"
            }
            return text.joined() + (variant == 0 ? "" : ".")
        }
        let ledger = self.ledger, store = self.store
        let owners = try await withThrowingTaskGroup(of: (Int, AppReference?).self) { group in
            for number in 0..<200 {
                for (variant, app) in [shop, store].enumerated() {
                    let release = try release(number + 1, of: app, hostnames: [spelling(number, variant)])
                    group.addTask {
                        do { try await ledger.addRelease(release, by: UUID(), at: someTime) } catch let error
                            as PortError
                        {
                            #expect(error.code == .conflict)
                            return (number, nil)
                        }
                        return (number, app)
                    }
                }
            }
            var owners: [Int: [AppReference]] = [:]
            for try await (number, app) in group where app != nil {
                owners[number, default: []] += app.map { [$0] } ?? []
            }
            return owners
        }
        #expect(owners.count == 200)
        #expect(owners.values.allSatisfy { $0.count == 1 })
    }
}
