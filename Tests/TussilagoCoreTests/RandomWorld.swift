import TussilagoCore
import TussilagoTestKit

/// A host that has a history: releases deployed, plans cut, files edited behind the platform's back, units that died.
struct RandomWorld {
    var random: SeededRandom
    var host = SimulatedHost()
    private(set) var desired: DesiredState
    private let tenant: Tenant
    private let app: App
    private var releases: [Release] = []
    private var history = ReleaseHistory()

    /// Builds a history from a seed. A `settled` one ends with its last plan performed, and nothing touched since.
    init(seed: UInt64, settled: Bool = false) throws {
        random = SeededRandom(seed: seed)
        tenant = try Make.tenant()
        app = try Make.app()
        desired = DesiredState(app: app.reference, tenant: tenant, nil)
        for _ in 0..<Int.random(in: settled ? 1...3 : 0...3, using: &random) {
            let next = try nextDesired()
            let plan = Planner.plan(from: host.observe(next), to: next)
            let cut = settled ? plan.steps.count : Int.random(in: 0...plan.steps.count, using: &random)
            try perform(Plan(steps: Array(plan.steps.prefix(cut))))
            if settled { try perform(Planner.plan(from: host.observe(next), to: next)) } else { disturb() }
        }
    }

    /// The next thing that somebody wants: a new release, an old one, a stop, a start, or the app gone.
    mutating func nextDesired() throws -> DesiredState {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: desired = DesiredState(app: app.reference, tenant: tenant, nil)
        case 1...6: try deploy()
        default:
            let power = DesiredApp.Power.allCases.randomElement(using: &random) ?? .on
            let current = random.oneIn(3) ? releases.randomElement(using: &random) : desired.app?.current
            desired = state(current: current, power: power)
        }
        return desired
    }

    private mutating func deploy() throws {
        let number = (history.last?.rawValue ?? 0) + 1
        let release = try Make.release(number, of: app, tenant: tenant, manifest: manifest(), history: history)
        for (process, template) in release.templates {
            if history.templates[process]?.contains(template) != true {
                history.templates[process, default: []].append(template)
            }
            history.generations[process] = max(history.generations[process] ?? 0, template.generation)
        }
        history.last = release.number
        releases = Array((releases + [release]).suffix(3))
        desired = state(current: release, power: .on)
    }

    private func state(current: Release?, power: DesiredApp.Power) -> DesiredState {
        var kept = releases
        if let current, !kept.contains(current) { kept.append(current) }
        return DesiredState(
            app: app.reference, tenant: tenant, DesiredApp(app: app, current: current, kept: kept, power: power))
    }

    private mutating func manifest() throws -> Manifest {
        let ingress: Ingress? = random.pick([.socket, .port(8000), nil], otherwise: .socket)
        var processes = [
            try Make.process(ingress: ingress, count: Int.random(in: 1...3, using: &random), limits: limits())
        ]
        if random.oneIn(2) { processes.append(try Make.process("worker", ingress: nil, limits: limits())) }
        if random.oneIn(2) {
            let schedule = try Schedule(random.pick(["daily", "Mon 08:00"], otherwise: "hourly"))
            processes.append(try Make.process("job", ingress: nil, limits: limits(), schedule: schedule))
        }
        let hostnames = try ["shop.example.org", "www.example.org"].filter { _ in random.oneIn(2) }.map {
            try Hostname($0)
        }
        return Manifest(
            processes: processes, hostnames: ingress == nil ? [] : hostnames,
            drainSeconds: Int.random(in: 0...2, using: &random))
    }

    private mutating func limits() -> Limits { Limits(tasks: random.pick([128, 256], otherwise: 128)) }

    /// What happens to a host: units die, files are edited or deleted, links go missing, it boots.
    private mutating func disturb() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: if let unit = host.active.sorted().randomElement(using: &random) { host.active.remove(unit) }
        case 1:
            if let path = host.units.keys.sorted().randomElement(using: &random) {
                host.units[path] = nil
                host.reloadOwed = true
            }
        case 2:
            if let path = host.units.keys.sorted().randomElement(using: &random) { host.units[path]? += "# edited\n" }
        case 3:
            if let instance = host.live.sorted().randomElement(using: &random), !host.active.contains(instance.unit) {
                host.live.remove(instance)
            }
        case 4: host.wants[app.reference.target] = nil
        case 5: if random.oneIn(2) { host.upstreams = [:] } else { host.upstreams[app.reference]?[1] = nil }
        case 6: host.reboot()
        case 7: host.routes = RouteTable()
        case 8: for unit in host.active.sorted() where unit.type == .timer { host.fire(unit) }
        default: break
        }
    }

    mutating func perform(_ plan: Plan) throws {
        for step in plan.steps { try host.perform(step) }
    }

    /// The services that timers may have started of what shall run.
    static func runs(of app: DesiredApp) -> Set<UnitName> {
        Set((app.current?.instances ?? []).filter(\.isScheduled).map(\.service))
    }

    /// In what the host is not as it shall be, looked at from outside of the planner.
    func differences(from desired: DesiredState) -> [String] {
        let reference = app.reference
        let installed = host.installed(.app(reference))
        guard let app = desired.app else {
            var left: [String] = []
            if !installed.units.isEmpty { left.append("unit files") }
            if !installed.live.isEmpty || !installed.releases.isEmpty || !installed.upstreams.isEmpty {
                left.append("links")
            }
            if host.routes[reference] != nil { left.append("routes") }
            if host.active.contains(where: { Instance(unit: $0)?.app == reference }) { left.append("instances") }
            return left
        }
        var wrong: [String] = []
        let instances = Set(app.current?.instances ?? [])
        if installed.live != instances { wrong.append("live") }
        if installed.releases != Set(app.kept.map(\.number)) { wrong.append("releases") }
        if installed.wants[reference.target, default: []] != Set(instances.map(\.unit)) { wrong.append("wants") }
        let jobs = app.power == .off ? [] : Self.runs(of: app)
        let running = Set(
            host.active.subtracting(jobs).compactMap { Instance(unit: $0) }.filter { $0.app == reference })
        switch app.power {
        case .on: if running != instances { wrong.append("running \(running) instead of \(instances)") }
        case .off: if !running.isEmpty { wrong.append("running") }
        case .asItIs, .asFound: if !running.isSubset(of: instances) { wrong.append("replaced instances run") }
        }
        if installed.upstreams.sorted(by: { $0.key < $1.key }).map(\.value) != app.current?.ingressInstances ?? [] {
            wrong.append("upstreams")
        }
        if installed.units != host.loaded.filter({ installed.units[$0.key] != nil }) { wrong.append("not loaded") }
        if installed.reloadOwed { wrong.append("reload owed") }
        if host.routes[reference] != app.current?.route { wrong.append("routes") }
        return wrong
    }
}
