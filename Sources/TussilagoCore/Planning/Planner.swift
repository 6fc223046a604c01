/// Decides. From what is and what shall be comes an ordered list of steps, always the same one for the same two.
///
/// The order keeps the promises: what is new is started and ready before anything leads to it; the upstream's link is
/// moved in one step, the commit point; what was replaced is stopped only after it has lost its requests. A plan that
/// was cut anywhere is finished by observing and planning again.
public struct Planner: Sendable {
    private let desired: DesiredState
    private let observed: ObservedState
    private var steps: [Step] = []

    /// The steps from `observed` to `desired`; none when nothing is left to do.
    public static func plan(from observed: ObservedState, to desired: DesiredState) -> Plan {
        var planner = Planner(desired: desired, observed: observed)
        planner.run()
        return Plan(steps: planner.steps)
    }

    private init(desired: DesiredState, observed: ObservedState) {
        self.desired = desired
        self.observed = observed
    }

    private mutating func run() {
        switch desired.scope {
        case .tenant(let name):
            desired.tenant == nil ? removeTenant(name) : installTenant(name)
        case .app(let reference):
            if let app = desired.app { install(app) } else { remove(reference) }
        }
    }

    // MARK: A tenant

    private mutating func installTenant(_ name: TenantName) {
        grant(name, desired.egress)
        installUnits()
        enable(name.target, by: .multiUser, true)
        start([name.target])
    }

    private mutating func removeTenant(_ name: TenantName) {
        enable(name.target, by: .multiUser, false)
        stop([name.target, name.slice])
        uninstallUnits()
        grant(name, .none)
    }

    /// What apps reach follows from the grant at once, also of those that run.
    private mutating func grant(_ name: TenantName, _ egress: EgressGrant) {
        guard observed.installed.egress != egress else { return }
        steps.append(.files(.grant(name, egress)))
        steps.append(.filter)
    }

    // MARK: An app

    private mutating func install(_ app: DesiredApp) {
        let reference = app.app.reference
        note(app.secrets.keeping(observed.installed.secrets), of: reference)
        stage(app)
        admit(app.instances)
        installUnits()
        if runs(app) {
            // Before anything of the release serves, and before it takes anybody's place.
            if let phase = app.phase { start([reference.target, phase.unit]) }
            roll(app)
        } else {
            rest(app)
        }
        if let phase = app.phase, runs(app) { steps.append(.stop([phase.unit])) }
        enable(reference.target, by: reference.tenant.target, true)
        want(reference.target, app.instances.map(\.unit))
        route(reference, app.route)
        if runs(app) { probe(app) }
        let replaced = runs(app) ? replaced(by: app) : []
        drain(replaced, of: app)
        // Not sooner: a request may have chosen one of these before Caddy was told.
        point(reference, beyond: app.current?.ingressInstances.count ?? 0)
        stop(replaced)
        retire(except: app.instances)
        uninstallUnits()
        discard(reference, except: app.kept)
    }

    private mutating func remove(_ reference: AppReference) {
        route(reference, nil)
        enable(reference.target, by: reference.tenant.target, false)
        want(reference.target, [])
        point(reference, beyond: 0)
        stop([reference.target] + observed.installed.live.sorted().flatMap(\.units) + bridge + [reference.slice])
        retire(except: [])
        uninstallUnits()
        note([], of: reference)
        discard(reference, except: [])
    }

    private mutating func note(_ secrets: [SecretRecord], of app: AppReference) {
        if observed.installed.secrets != secrets { steps.append(.files(.noteSecrets(app, secrets))) }
    }

    private mutating func stage(_ app: DesiredApp) {
        for release in app.kept.sorted(by: { $0.number < $1.number })
        where !observed.installed.releases.contains(release.number) {
            steps.append(.files(.stage(release, network: app.app.network)))
        }
    }

    private mutating func admit(_ instances: [Instance]) {
        let missing = instances.filter { !observed.installed.live.contains($0) }
        if !missing.isEmpty { steps.append(.files(.admit(missing))) }
    }

    /// Starts what shall run. The copies that take requests are replaced one by one: at no time is there more than one
    /// instance too many, and as many as ever serve.
    private mutating func roll(_ app: DesiredApp) {
        let reference = app.app.reference
        let serving = app.current?.ingressInstances ?? []
        let first = Set(app.instances).subtracting(serving.dropFirst())
        start([reference.target] + app.instances.filter { first.contains($0) && !$0.isScheduled }.map(\.unit), app)
        for (index, instance) in serving.enumerated() {
            if index > 0 { start([instance.unit], app) }
            let replaced = observed.installed.upstreams[index + 1]
            point(reference, copy: index + 1, at: instance)
            guard let replaced, index + 1 < serving.count, !app.instances.contains(replaced) else { continue }
            // Several upstreams may lead to one instance only by a mistake: what still serves is stopped at the end.
            let others = observed.installed.upstreams.filter { $0.key != index + 1 }.values
            if !others.contains(replaced), observed.mayRun(replaced.unit) {
                drain([replaced.unit], of: app)
                stop([replaced.unit])
            }
        }
        // No run is due in two releases: one's timers stop before the other's start.
        stop(observed.installed.live.subtracting(app.instances).filter(\.isScheduled).sorted().map(\.unit))
        start(app.instances.filter(\.isScheduled).map(\.unit), app)
    }

    /// Keeps an app stopped, and what its upstreams lead to as it will be when it is started.
    private mutating func rest(_ app: DesiredApp) {
        let reference = app.app.reference
        halt([reference.target] + observed.installed.live.sorted().flatMap(\.units))
        for (index, instance) in (app.current?.ingressInstances ?? []).enumerated() {
            point(reference, copy: index + 1, at: instance)
        }
    }

    /// Whether the app shall run. Left as it is, it runs when its target or any of its instances does.
    private func runs(_ app: DesiredApp) -> Bool {
        switch app.power {
        case .on: true
        case .off: false
        case .asItIs, .asFound:
            observed.isActive(app.app.reference.target)
                || observed.installed.live.contains { observed.mayRun($0.unit) }
                || app.power == .asFound && isNew(app.app.reference)
        }
    }

    /// Whether an app's creation, or its restoration, was cut: its tenant does not start it yet, which is what a plan does
    /// only once all runs. There is nothing that an admin could have stopped.
    private func isNew(_ app: AppReference) -> Bool {
        observed.installed.wants[app.tenant.target]?.contains(app.target) != true
    }

    private mutating func point(_ reference: AppReference, copy: Int, at instance: Instance?) {
        if observed.installed.upstreams[copy] != instance {
            steps.append(.files(.point(reference, copy: copy, instance)))
        }
    }

    /// Takes away the upstreams of copies that shall not be; Caddy knows nothing of them by then.
    private mutating func point(_ reference: AppReference, beyond copies: Int) {
        for copy in observed.installed.upstreams.keys.sorted() where copy > copies {
            point(reference, copy: copy, at: nil)
        }
    }

    /// What runs and shall not: it is stopped once nothing leads to it any more.
    private func replaced(by app: DesiredApp) -> [UnitName] {
        observed.installed.live.subtracting(app.instances).sorted().flatMap(\.units)
            .filter { observed.mayRun($0) && !isStopped($0) }
    }

    /// Gives what nothing new is passed on to any more the time to finish the requests that it has.
    private mutating func drain(_ running: [UnitName], of app: DesiredApp) {
        let drain = app.current?.manifest.drainSeconds ?? 0
        if drain > 0, running.contains(where: { mayServe($0, app) }) { steps.append(.drain(seconds: drain)) }
    }

    /// Whether a unit may have requests: an upstream leads to it, or has led to it until just before. An agent that was
    /// killed may have moved that, and what is ready and takes requests does not tell.
    private func mayServe(_ unit: UnitName, _ app: DesiredApp) -> Bool {
        if observed.installed.upstreams.values.contains(where: { $0.unit == unit }) { return true }
        return observed.isActive(unit) && Instance(unit: unit)?.process == app.current?.manifest.ingressProcess?.name
    }

    /// Whether the plan has stopped a unit already.
    private func isStopped(_ unit: UnitName) -> Bool {
        steps.contains { if case .stop(let units) = $0 { units.contains(unit) } else { false } }
    }

    private mutating func retire(except wanted: [Instance]) {
        let retired = observed.installed.live.subtracting(wanted).sorted()
        if !retired.isEmpty { steps.append(.files(.retire(retired))) }
    }

    private mutating func discard(_ app: AppReference, except kept: [Release]) {
        let gone = observed.installed.releases.subtracting(kept.map(\.number)).sorted()
        if !gone.isEmpty { steps.append(.files(.discard(app, gone))) }
    }

    // MARK: Unit files

    private mutating func installUnits() {
        let missing = desired.unitFiles.filter { observed.installed.units[$0.path] != $0.text }
        if !missing.isEmpty {
            if let users = desired.tenant?.users, missing.contains(where: \.path.isQuadlet) {
                // The generator reads a network's name only where it sees the network's file as well.
                steps.append(.check(desired.unitFiles.filter(\.path.isQuadlet), users: users))
            }
            steps.append(.files(.install(missing)))
        }
        // Whether systemd has them is asked of systemd as well: the note that a reload is owed may be lost.
        let unknown = desired.expectedUnits.contains { observed.status[$0].map { $0.load == "not-found" } ?? false }
        if !missing.isEmpty || observed.installed.reloadOwed || unknown {
            steps.append(.reload(expecting: desired.expectedUnits))
            steps.append(.files(.settle))
        }
    }

    private mutating func uninstallUnits() {
        let wanted = Set(desired.unitFiles.map(\.path))
        let gone = observed.installed.units.keys.filter { !wanted.contains($0) && !isKept($0) }.sorted()
        let owed = observed.installed.reloadOwed && !steps.contains(.files(.settle))
        if !gone.isEmpty { steps.append(.files(.uninstall(gone))) }
        guard !gone.isEmpty || owed else { return }
        steps.append(.reload(expecting: []))
        steps.append(.files(.settle))
    }

    /// Whether a file stays that nothing asks for: the unit of an app's builds, as long as there is the app.
    private func isKept(_ path: UnitFile.Path) -> Bool {
        guard case .app(let reference) = desired.scope, desired.app != nil else { return false }
        return path == Build.template(of: reference).path
    }

    /// The bridge's service, when there is one to stop with its app: Podman leaves the network to it.
    private var bridge: [UnitName] {
        observed.installed.units.keys.compactMap { path in
            guard case .network = path else { return nil }
            return path.generatedService.flatMap { UnitName($0) }
        }
    }

    // MARK: Steps that are left out when there is nothing to do

    /// Makes `units` all that `target` starts.
    private mutating func want(_ target: UnitName, _ units: [UnitName]) {
        let there = observed.installed.wants[target] ?? []
        if there != Set(units) { steps.append(.files(.want(target: target, units: units.sorted()))) }
    }

    /// Has a unit started by a target that is not this plan's alone: others change it at the same time.
    private mutating func enable(_ unit: UnitName, by target: UnitName, _ on: Bool) {
        let there = observed.installed.wants[target]?.contains(unit) ?? false
        if there != on { steps.append(.files(.enable(unit, by: target, on))) }
    }

    private mutating func start(_ units: [UnitName], _ app: DesiredApp? = nil) {
        let stopped = units.filter { !observed.isActive($0) && !(app?.power == .asFound && isLeft($0)) }
        if !stopped.isEmpty { steps.append(.start(stopped)) }
    }

    /// Whether an admin has left a unit stopped: systemd has it and might run it, and it has not failed.
    private func isLeft(_ unit: UnitName) -> Bool {
        guard let status = observed.status[unit] else { return false }
        if status.load == "masked" { return true }
        guard status.isStopped else { return false }
        guard let instance = Instance(unit: unit) else {
            guard case .app(let app) = desired.scope else { return true }
            return !isNew(app)
        }
        // What has no link could not run, and what no target starts is new: a plan that was cut had not come to it.
        return observed.installed.live.contains(instance)
            && observed.installed.wants[instance.app.target]?.contains(unit) ?? false
    }

    private mutating func stop(_ units: [UnitName]) {
        let running = units.filter { observed.mayRun($0) }
        if !running.isEmpty { steps.append(.stop(running)) }
    }

    private mutating func halt(_ units: [UnitName]) {
        let running = units.filter { observed.mayRun($0) }
        if !running.isEmpty { steps.append(.halt(running)) }
    }

    /// A hostname is not told to be there before it has answered.
    private mutating func probe(_ app: DesiredApp) {
        guard let route = app.route, observed.route != route, let process = app.current?.manifest.ingressProcess else {
            return
        }
        let new = Set(route.hostnames).subtracting(observed.route?.hostnames ?? [])
        if !new.isEmpty { steps.append(.probe(new.sorted(), path: process.health.path)) }
    }

    private mutating func route(_ app: AppReference, _ route: AppRoute?) {
        if observed.route != route { steps.append(.route(app, route)) }
    }
}

extension DesiredState {
    /// Every unit file that shall be there.
    public var unitFiles: [UnitFile] {
        guard let tenant else { return [] }
        guard case .app = scope else { return tenant.unitFiles }
        guard let app else { return [] }
        var files: [UnitFile.Path: String] = [:]
        for file in app.app.unitFiles(tenant: tenant, bridged: app.hasBridge) { files[file.path] = file.text }
        for release in app.kept {
            for timer in release.timers(tenant: tenant, app: app.app) { files[timer.path] = timer.text }
            for (process, template) in release.templates {
                let name = TemplateName(app: release.app, process: process, generation: template.generation)
                files[name.path] = template.text
            }
        }
        if let builds = app.builds { files[builds.path] = builds.text }
        return files.map { UnitFile(path: $0.key, text: $0.value) }.sorted { $0.path < $1.path }
    }

    /// The units by which is seen, after a reload, that systemd has found what was installed.
    var expectedUnits: [UnitName] {
        switch scope {
        case .tenant(let name): tenant == nil ? [] : [name.target, name.slice]
        case .app(let reference):
            app.map { [reference.target, reference.slice] + $0.instances.flatMap(\.units) } ?? []
        }
    }

    /// Every unit whose status a plan may depend on.
    public func units(with installed: InstalledState) -> [UnitName] {
        var units: Set<UnitName> = []
        switch scope {
        case .tenant(let name): units = [name.target, name.slice]
        case .app(let reference):
            units = [reference.target, reference.slice]
            units.formUnion(app?.instances.flatMap(\.units) ?? [])
            if let phase = app?.phase { units.insert(phase.unit) }
            units.formUnion(installed.live.flatMap(\.units))
            for path in installed.units.keys {
                if case .network = path, let unit = path.generatedService.flatMap({ UnitName($0) }) {
                    units.insert(unit)
                }
            }
        }
        return units.sorted()
    }
}

extension UnitName {
    /// `multi-user.target`, which starts the tenants at boot. The one unit that is named but not owned.
    public static let multiUser = UnitName(unchecked: "multi-user", .target)
}
