import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

/// What an admin lets a tenant's apps have beyond the strict policy.
@Suite struct PolicyTests {
    private static func limits(_ kind: SandboxLimits.Kind, _ amount: Int64) -> SandboxLimits {
        var limits = SandboxLimits()
        limits[kind] = amount
        return limits
    }

    private static let slow = limits(.stop, 60)

    @Test("A deploy that asks for more than the strict policy is refused until an admin has allowed it")
    func refuses() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let before = await platform.host.calls.count
        let refused = try await platform.run(try platform.deploy("two", sandbox: Self.slow))
        #expect(refused.failure?.message == "sandbox: stop would be 60 s, and the policy of tenant acme allows 10 s")
        #expect(refused.failure?.remedy?.contains("tussilago tenant policy acme") == true)
        #expect(await platform.host.calls.count == before)
        let tenant = platform.shop.tenant
        _ = try await platform.run(.setPolicy(tenant, try Loosening(Self.limits(.stop, 59), reason: "too little")))
        #expect(try await platform.run(try platform.deploy("two", sandbox: Self.slow)).state == .failed)
        _ = try await platform.run(.setPolicy(tenant, try Loosening(Self.slow, reason: "a queue that drains")))
        #expect(try await platform.run(try platform.deploy("two", sandbox: Self.slow)).state == .succeeded)
        let text = try #require(
            await platform.host.host.units.values.first {
                $0.contains("StopTimeout=60\n") && $0.contains("[Container]")
            })
        #expect(text.contains("TimeoutStopSec=80\n"))
    }

    @Test("Less than the strict policy needs nobody's leave", arguments: SandboxLimits.Kind.allCases)
    func tightens(_ kind: SandboxLimits.Kind) async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let less = Self.limits(kind, kind.range.lowerBound)
        #expect(try await platform.run(try platform.deploy("two", sandbox: less)).state == .succeeded)
    }

    @Test("When less is allowed again what runs is told and goes on, and no release brings the more back")
    func strict() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let tenant = platform.shop.tenant
        _ = try await platform.run(.setPolicy(tenant, try Loosening(Self.slow, reason: "a queue that drains")))
        _ = try await platform.run(try platform.deploy("two", sandbox: Self.slow))
        let operation = try await platform.run(.setPolicy(tenant, nil))
        let events = try await platform.ledger.events(of: operation.id, after: 0)
        #expect(events.contains { $0.kind == .finding && $0.text.contains("its release has stop 60 s") })
        #expect(try await platform.run(.scale(platform.shop, [try ProcessName("web"): 2])).state == .failed)
        _ = try await platform.run(try platform.deploy("three"))
        let back = try await platform.run(.rollback(platform.shop, ReleaseNumber(rawValue: 2)))
        #expect(back.failure?.message.hasPrefix("sandbox: stop would be 60 s") == true)
        #expect(await platform.host.host.outages.isEmpty)
    }

    @Test("The audit has what was allowed and why, and a lost ledger has it again")
    func isKept() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let tenant = platform.shop.tenant
        let loosening = try Loosening(Self.slow, reason: "50% slower; see #4711 = [x]")
        _ = try await platform.run(.setPolicy(tenant, loosening))
        let records = try await platform.ledger.auditRecords(PageQuery(limit: 100)).items
        let accepted = records.filter { $0.entry.verb == "tenant.policy" && $0.entry.outcome == .accepted }
        #expect(accepted.map(\.entry.detail) == ["stop=60: 50% slower; see #4711 = [x]"])
        await platform.ledger.close()
        try FileManager.default.removeItem(atPath: platform.path)
        let next = try await platform.next()
        #expect(try await next.ensure() != nil)
        #expect(try await next.ledger.tenant(tenant)?.tenant.loosening == loosening)
        #expect(try await Survey(next.outside).findings() == [])
    }

    @Test("A backup has it")
    func isRestored() async throws {
        let old = try await Platform()
        try await old.withShop()
        let loosening = try Loosening(Self.slow, reason: "a queue that drains")
        _ = try await old.run(.setPolicy(old.shop.tenant, loosening))
        let path = try await old.backup()
        let new = try await Platform()
        #expect(try await new.run(.restore(path)).state == .succeeded)
        #expect(try await new.ledger.tenant(old.shop.tenant)?.tenant.loosening == loosening)
    }

    @Test(
        "No reason can be another line of a unit file",
        arguments: ["", " ", "a\nb", "a\\", "a\u{2028}b", "a\u{0}", String(repeating: "a", count: 201)])
    func reasons(_ reason: String) throws {
        #expect(throws: InvalidValue.self) { try Loosening(Self.slow, reason: reason) }
    }

    @Test("Nothing is loosened by as much as the strict policy has, or by more than there can be")
    func amounts() throws {
        #expect(throws: InvalidValue.self) { try Loosening(SandboxLimits(), reason: "none") }
        for kind in SandboxLimits.Kind.allCases {
            for amount in [kind.strict, kind.range.upperBound + 1] {
                #expect(throws: InvalidValue.self) { try Loosening(Self.limits(kind, amount), reason: "some") }
            }
            for amount in [kind.strict + 1, kind.range.upperBound] {
                let limits = Self.limits(kind, amount)
                #expect(try Loosening(limits, reason: "some").limits == limits)
                #expect(SandboxLimits(text: limits.text) == limits)
            }
            #expect(SandboxLimits(text: "\(kind.rawValue)=\(kind.range.upperBound + 1)") == nil)
        }
        #expect(SandboxLimits(text: "stop=30 stop=31") == nil)
    }
}
