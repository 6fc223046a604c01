import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoAPI
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

@Suite struct PlanPreviewTests {
    @Test("A plan names the steps that its deploy then takes, with as many copies, and changes nothing")
    func foretells() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let web = try ProcessName("web")
        #expect(try await platform.run(.scale(platform.shop, [web: 3])).state == .succeeded)
        guard case .deploy(let app, var deployment) = try platform.deploy("two", hostnames: ["new.example.org"]) else {
            return
        }
        // Its manifest does not say how many copies run.
        deployment.scaled = [web]
        let before = await platform.host.calls
        let plan = try await preview(deployment, on: platform)
        #expect(await platform.host.calls == before)
        #expect(try await platform.ledger.releases(of: app, PageQuery(limit: 10)).items.count == 2)
        #expect(plan.changes.map(\.subject) == ["environment", "Caddy's route of acme/shop"])
        #expect(plan.changes.first?.after == "TEXT=two\n")

        let operation = try await platform.run(.deploy(app, deployment))
        let events = try await platform.ledger.events(of: operation.id, after: 0)
        #expect(plan.steps == events.filter { $0.kind == .stepEnded && $0.step != nil }.map(\.text))
        #expect(await platform.host.host.upstreams[app]?.count == 3)
    }

    @Test("A plan of what serves already changes no text")
    func findsNothing() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        guard case .deploy(_, let deployment) = try platform.deploy() else { return }
        #expect(try await preview(deployment, on: platform).changes.isEmpty)
    }

    private func preview(_ deployment: Deployment, on platform: Platform) async throws -> PlanResource {
        let record = try #require(try await platform.ledger.app(platform.shop))
        let tenant = try #require(try await platform.ledger.tenant(platform.shop.tenant)).tenant
        return try await PlanPreview(platform.outside, caddy: CaddyConfiguration())
            .preview(deployment, of: record, tenant: tenant)
    }
}
