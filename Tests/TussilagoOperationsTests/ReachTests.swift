import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

/// What tenants' apps reach, and under which names they are reached.
@Suite struct GrantTests {
    @Test("A deploy that asks for more than its tenant was granted is refused, and says what mends it")
    func refuses() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let before = await platform.host.calls.count
        let refused = try await platform.run(try platform.deploy("two", egress: .internet))
        #expect(refused.failure?.code == "refused")
        #expect(refused.failure?.message == "egress: it asks for internet, and tenant acme was granted nothing")
        #expect(refused.failure?.remedy?.contains("tussilago tenant set acme --egress") == true)
        #expect(await platform.host.calls.count == before)
        _ = try await platform.run(.setEgress(platform.shop.tenant, .list))
        #expect(try await platform.run(try platform.deploy("two", egress: .internet)).state == .failed)
        _ = try await platform.run(.setEgress(platform.shop.tenant, .internet))
        #expect(try await platform.run(try platform.deploy("two", egress: .internet)).state == .succeeded)
    }

    @Test("A grant is in the files and in the kernel at once; less again as well, and no release brings it back")
    func changes() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let tenant = platform.shop.tenant
        _ = try await platform.run(.setEgress(tenant, .internet))
        #expect(await platform.host.host.loadedGrants == [tenant: .internet])
        _ = try await platform.run(try platform.deploy("two", egress: .internet))
        _ = try await platform.run(try platform.deploy("three"))
        _ = try await platform.run(.setEgress(tenant, .list))
        #expect(await platform.host.host.loadedGrants == [tenant: .list])
        let back = try await platform.run(.rollback(platform.shop, ReleaseNumber(rawValue: 2)))
        #expect(back.failure?.message.contains("it asks for internet") == true)
        _ = try await platform.run(.setEgress(tenant, .none))
        #expect(await platform.host.host.grants == [:])
        #expect(await platform.host.host.loadedGrants == [:])
    }

    @Test("What runs and reaches less than it asks for is told")
    func tells() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        _ = try await platform.run(.setEgress(platform.shop.tenant, .internet))
        _ = try await platform.run(try platform.deploy("two", egress: .internet))
        let operation = try await platform.run(.setEgress(platform.shop.tenant, .none))
        let events = try await platform.ledger.events(of: operation.id, after: 0)
        #expect(events.contains { $0.kind == .finding && $0.text.contains("reaches nothing of it any more") })
    }

    @Test("A grant that somebody changed in the files, or took from the kernel, is found and mended")
    func reconciles() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let tenant = platform.shop.tenant
        await platform.host.change {
            $0.grants = [tenant: .internet]
            $0.loadedGrants = [:]
        }
        let found = try await Survey(platform.outside).findings()
        #expect(found.contains { $0.subject == "acme" && $0.what.contains("every public address instead of nothing") })
        #expect(found.contains { $0.subject == "firewall" && $0.action == .repair })
        #expect(try await platform.run(.reconcile).state == .succeeded)
        #expect(await platform.host.host.grants == [:])
        #expect(try await Survey(platform.outside).findings() == [])
    }

    @Test("A ledger that was lost grants what runs, and nothing else")
    func survivesALoss() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        _ = try await platform.run(.setEgress(platform.shop.tenant, .internet))
        let hosts = try #require(Egress(hosts: [try EgressHost("https://a.example")]))
        _ = try await platform.run(try platform.deploy("two", egress: hosts))
        await platform.ledger.close()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: platform.path + suffix) }
        let next = try await platform.next()
        #expect(try await next.ensure() != nil)
        #expect(try await next.ledger.tenant(platform.shop.tenant)?.egress == .list)
        #expect(
            try await next.ledger.domain(try Hostname("shop.example.org"), of: platform.shop.tenant)?.provedAt != nil)
    }
}

@Suite struct HostnameRightsTests {
    private func platform(_ suffixes: [String] = []) async throws -> Platform {
        var policy = HostnamePolicy()
        policy.suffixes = try suffixes.map { try Hostname($0) }
        let platform = try await Platform(hostnames: policy)
        _ = try await platform.run(.createTenant(platform.shop.tenant))
        _ = try await platform.run(.createApp(platform.shop))
        return platform
    }

    @Test("A hostname that nobody has proved is refused, with the command that shows the record")
    func refuses() async throws {
        let platform = try await platform()
        let refused = try await platform.run(try platform.deploy())
        #expect(refused.failure?.code == "refused")
        #expect(refused.failure?.message.contains("tussilago domain add acme shop.example.org") == true)
        #expect(await platform.host.host.routes.owners.isEmpty)
    }

    @Test("It is the tenant's once its record was found, and not by another tenant's record, nor by one beside it")
    func proves() async throws {
        let platform = try await platform(), tenant = platform.shop.tenant
        let hostname = try Hostname("shop.example.org")
        #expect(try await platform.run(.verifyDomain(tenant, hostname)).failure?.code == "not-found")
        _ = try await platform.run(.addDomain(tenant, hostname, vouched: false))
        let domain = try #require(await platform.ledger.domain(hostname, of: tenant))
        let missing = try await platform.run(.verifyDomain(tenant, hostname))
        #expect(missing.failure?.message.contains("\(domain.recordName) TXT \"\(domain.recordText)\"") == true)
        #expect(missing.failure?.remedy?.hasSuffix("tussilago domain verify acme shop.example.org") == true)
        for texts in [
            ["tussilago-verification=\(UUID().lowercased)"], ["x" + domain.recordText], [domain.recordText + " "],
        ] {
            await platform.host.change { $0.texts = [domain.recordName: texts] }
            #expect(try await platform.run(.verifyDomain(tenant, hostname)).state == .failed)
        }
        await platform.host.change { $0.texts = ["_tussilago-challenge.example.org": [domain.recordText]] }
        #expect(try await platform.run(.verifyDomain(tenant, hostname)).state == .failed)
        await platform.host.change { $0.texts = [domain.recordName: ["v=spf1 -all", domain.recordText]] }
        #expect(try await platform.run(.verifyDomain(tenant, hostname)).state == .succeeded)
        #expect(try await platform.run(try platform.deploy()).state == .succeeded)
        #expect(try await platform.run(.removeDomain(tenant, hostname)).failure?.message.contains("acme/shop") == true)
    }

    @Test("An admin who deploys vouches for the hostnames, and what was vouched for stays so")
    func vouches() async throws {
        let platform = try await platform(), hostname = try Hostname("shop.example.org")
        #expect(try await platform.run(try platform.deploy(vouches: true)).state == .succeeded)
        #expect(try await platform.ledger.domain(hostname, of: platform.shop.tenant)?.voucher == "root")
        #expect(try await platform.run(try platform.deploy("two")).state == .succeeded)
        #expect(try await platform.run(.rollback(platform.shop, nil)).state == .succeeded)
    }

    @Test("Below the platform's own domain a tenant needs no proof for its own part, and gets no other")
    func hasItsPart() async throws {
        let platform = try await platform(["apps.example.org"])
        #expect(
            try await platform.run(try platform.deploy(hostnames: ["shop.acme.apps.example.org"])).state == .succeeded)
        let other = try await platform.run(try platform.deploy(hostnames: ["shop.umbra.apps.example.org"]))
        #expect(other.failure?.message.contains("tenant acme has acme.apps.example.org") == true)
        let add = try await platform.run(
            .addDomain(platform.shop.tenant, try Hostname("www.apps.example.org"), vouched: false))
        #expect(add.failure?.message.contains("no record proves it") == true)
    }

    @Test("A hostname that does not answer fails the deploy after the switch: what is new serves")
    func probes() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        await platform.host.change { $0.silent = ["new.example.org"] }
        let operation = try await platform.run(
            try platform.deploy("two", hostnames: ["shop.example.org", "new.example.org"]))
        #expect(operation.failure?.message.contains("new.example.org") == true)
        #expect(await platform.host.host.upstreams[platform.shop]?[1]?.release.rawValue == 2)
        #expect(await platform.host.host.outages == [])
        // The one that was there before is not asked again, and the rest of the plan is made up for.
        await platform.host.change { $0.silent = ["shop.example.org"] }
        #expect(try await platform.run(.reconcile).state == .succeeded)
    }
}
