import Testing
import TussilagoCore
import TussilagoTestKit

/// What must hold of the planner for any two states. Each case follows from its seed, which a failure prints.
@Suite struct PlanPropertyTests {
    static let seeds = 0..<10_000

    @Test("Performing the plan reaches the desired state, and planning again is empty")
    func reaches() throws {
        for seed in Self.seeds {
            var world = try RandomWorld(seed: UInt64(seed))
            let desired = try world.nextDesired()
            try world.perform(Planner.plan(from: world.host.observe(desired), to: desired))
            let again = Planner.plan(from: world.host.observe(desired), to: desired)
            #expect(again.steps.isEmpty, "seed \(seed)")
            #expect(world.differences(from: desired) == [], "seed \(seed)")
            if again.steps.isEmpty == false { break }
        }
    }

    @Test("A plan that is cut after any step is finished by planning again")
    func isFinishedAfterACut() throws {
        for seed in Self.seeds {
            var world = try RandomWorld(seed: UInt64(seed))
            let desired = try world.nextDesired()
            let plan = Planner.plan(from: world.host.observe(desired), to: desired)
            let cut = Int.random(in: 0...plan.steps.count, using: &world.random)
            try world.perform(Plan(steps: Array(plan.steps.prefix(cut))))
            if world.random.oneIn(3) { world.host.reboot() }
            try world.perform(Planner.plan(from: world.host.observe(desired), to: desired))
            #expect(world.differences(from: desired) == [], "seed \(seed), cut after \(cut)")
            #expect(
                Planner.plan(from: world.host.observe(desired), to: desired).steps.isEmpty,
                "seed \(seed), cut after \(cut)")
        }
    }

    @Test("No plan breaks a rule, from whatever state it starts")
    func breaksNoRule() throws {
        for seed in Self.seeds {
            var world = try RandomWorld(seed: UInt64(seed))
            let desired = try world.nextDesired()
            let observed = world.host.observe(desired)
            let plan = Planner.plan(from: observed, to: desired)
            #expect(PlanRules.violations(of: plan, from: observed) == [], "seed \(seed): \(plan.steps)")
        }
    }

    @Test("What serves is never stopped before something else serves, unless an admin said so or the app goes")
    func leavesNoGap() throws {
        for seed in Self.seeds {
            var world = try RandomWorld(seed: UInt64(seed))
            let desired = try world.nextDesired()
            guard desired.app?.power != .off else { continue }
            world.host.outages = []
            try world.perform(Planner.plan(from: world.host.observe(desired), to: desired))
            #expect(world.host.outages == [], "seed \(seed)")
        }
    }

    @Test("Going back from an error at any step up to the commit point leaves what served before serving")
    func goesBack() throws {
        for seed in Self.seeds {
            var world = try RandomWorld(seed: UInt64(seed), settled: true)
            let before = world.desired
            let desired = try world.nextDesired()
            guard let old = before.app, old.current != nil, desired.app?.power == .on else { continue }
            let serving = old.power == .on
            let plan = Planner.plan(from: world.host.observe(desired), to: desired)
            guard let commit = plan.commitPoint else { continue }
            let failing = Int.random(in: 0...commit, using: &world.random)
            try world.perform(Plan(steps: Array(plan.steps.prefix(failing))))
            world.host.outages = []
            try world.perform(Planner.plan(from: world.host.observe(before), to: before))
            #expect(world.differences(from: before) == [], "seed \(seed), failed in \(failing)")
            if serving { #expect(world.host.outages == [], "seed \(seed), failed in \(failing)") }
        }
    }

    @Test("The same two states always give the same plan")
    func isDeterministic() throws {
        for seed in Self.seeds.prefix(500) {
            var world = try RandomWorld(seed: UInt64(seed))
            let desired = try world.nextDesired()
            let observed = world.host.observe(desired)
            let plans = Set((0..<4).map { _ in Planner.plan(from: observed, to: desired) })
            #expect(plans.count == 1, "seed \(seed)")
        }
    }

    @Test("After a boot the same instances run that the plan made run")
    func survivesABoot() throws {
        for seed in Self.seeds.prefix(3_000) {
            var world = try RandomWorld(seed: UInt64(seed))
            let desired = try world.nextDesired()
            guard let app = desired.app, app.power == .on else { continue }
            try world.perform(Planner.plan(from: world.host.observe(desired), to: desired))
            world.host.wants[.multiUser, default: []].insert(app.app.reference.tenant.target)
            let tenant = DesiredState(tenant: app.app.reference.tenant, desired.tenant, egress: .none)
            try world.perform(Planner.plan(from: world.host.observe(tenant), to: tenant))
            let running = world.host.active.subtracting(RandomWorld.runs(of: app)).filter { Instance(unit: $0) != nil }
            world.host.reboot()
            #expect(world.host.active.filter { Instance(unit: $0) != nil } == running, "seed \(seed)")
        }
    }
}
