/// What must hold of every plan, whoever made it. Checked before a plan is performed.
///
/// The rules know nothing of how the planner thinks: each reads the steps alone, and what was observed before them.
public enum PlanRules {
    /// A rule that a plan breaks.
    public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
        /// The rule, as a sentence.
        public let rule: String
        /// The step that breaks it.
        public let step: Int
        public var description: String { "step \(step + 1): \(rule)" }
    }

    /// Every rule that `plan` breaks when it starts from `observed`.
    public static func violations(of plan: Plan, from observed: ObservedState) -> [Violation] {
        var world = World(observed)
        var violations: [Violation] = []
        for (index, step) in plan.steps.enumerated() {
            violations += world.perform(step).map { Violation(rule: $0, step: index) }
        }
        if world.reloadOwed {
            violations.append(Violation(rule: "a written unit is followed by a reload", step: plan.steps.count - 1))
        }
        return violations
    }

    /// What the steps so far have made of the host.
    private struct World {
        var reloadOwed: Bool
        var loaded: Bool
        var checked: Set<UnitFile> = []
        var active: Set<UnitName>
        var live: Set<Instance>
        var upstreams: [Int: Instance]

        init(_ observed: ObservedState) {
            reloadOwed = observed.installed.reloadOwed
            loaded = !reloadOwed
            active = Set(observed.status.filter { $0.value.isActive }.keys)
            live = observed.installed.live
            upstreams = observed.installed.upstreams
        }

        mutating func perform(_ step: Step) -> [String] {
            switch step {
            case .check(let files, _):
                checked.formUnion(files)
                return []
            case .files(let change): return perform(change)
            case .reload:
                loaded = true
                return []
            case .start(let units):
                active.formUnion(units)
                // What runs before a release serves goes by the link of what serves.
                let unknown = units.compactMap { Instance(unit: $0) }.filter { instance in
                    !live.contains { $0.app == instance.app && $0.instanceName == instance.instanceName }
                }
                return (loaded ? [] : ["nothing is started before systemd has loaded what was written"])
                    + unknown.map { "\($0) is started only after it was admitted" }
            case .route, .probe, .filter, .drain: return []
            case .stop(let units):
                active.subtract(units)
                guard upstreams.values.contains(where: { units.contains($0.unit) }) else { return [] }
                return ["what serves is stopped only after its requests have left"]
            case .halt(let units):
                active.subtract(units)
                return []
            }
        }

        mutating func perform(_ change: FileChange) -> [String] {
            switch change {
            case .install(let files):
                reloadOwed = true
                loaded = false
                return files.filter { $0.path.isQuadlet && !checked.contains($0) }.map {
                    "\($0.path.generatedService ?? "a quadlet") is checked before it is installed"
                }
            case .uninstall:
                reloadOwed = true
                loaded = false
                return []
            case .settle:
                let early = !loaded
                reloadOwed = false
                return early ? ["a reload is noted only after it was done"] : []
            case .admit(let instances):
                live.formUnion(instances)
                return []
            case .retire(let instances):
                live.subtract(instances)
                return instances.filter { !active.isDisjoint(with: $0.units) }.map {
                    "\($0) is stopped before it is retired"
                }
            case .point(_, let copy, let instance):
                let serving = upstreams[copy].map { active.contains($0.unit) } ?? false
                upstreams[copy] = instance
                guard let instance, serving, !active.contains(instance.unit) else { return [] }
                return ["requests move only to what is ready"]
            case .stage, .noteSecrets, .discard, .want, .enable, .grant: return []
            }
        }
    }
}
