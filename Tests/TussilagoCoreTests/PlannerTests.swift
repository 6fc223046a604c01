import Testing
import TussilagoCore
import TussilagoTestKit

/// Single decisions of the planner. What holds of all plans is in `PlanPropertyTests`.
@Suite struct PlannerTests {
    /// An app of two copies, as a reconcile wants it, on a host on which both run.
    private static func running() throws -> (state: DesiredState, observed: ObservedState, copies: [UnitName]) {
        let tenant = try Make.tenant(), app = try Make.app()
        var process = try Make.process()
        process.count = 2
        let release = try Make.release(1, of: app, tenant: tenant, manifest: Manifest(processes: [process]))
        func desired(_ power: DesiredApp.Power) -> DesiredState {
            DesiredState(
                app: app.reference, tenant: tenant,
                DesiredApp(app: app, current: release, kept: [release], power: power))
        }
        var host = SimulatedHost()
        for state in [DesiredState(tenant: tenant.name, tenant, egress: .none), desired(.on)] {
            for step in Planner.plan(from: host.observe(state), to: state).steps { try host.perform(step) }
        }
        let state = desired(.asFound)
        return (state, host.observe(state), release.instances.map(\.unit).sorted())
    }

    @Test(
        "What an admin has stopped is left, and what is just stopping as well", arguments: ["inactive", "deactivating"])
    func leaves(_ active: String) throws {
        var (state, observed, copies) = try Self.running()
        #expect(Planner.plan(from: observed, to: state).steps == [])
        let last = try #require(copies.last)
        observed.status[last] = UnitStatus(load: "loaded", active: active, sub: "dead")
        #expect(Planner.plan(from: observed, to: state).steps == [])
        // A target that is stopped waits for all of its units, and is active meanwhile.
        for copy in copies { observed.status[copy] = UnitStatus(load: "loaded", active: active, sub: "dead") }
        #expect(Planner.plan(from: observed, to: state).steps == [])
    }

    @Test("What has failed is started")
    func starts() throws {
        var (state, observed, copies) = try Self.running()
        let last = try #require(copies.last)
        observed.status[last] = UnitStatus(load: "loaded", active: "failed", sub: "failed")
        #expect(Planner.plan(from: observed, to: state).steps == [.start([last])])
    }
}
