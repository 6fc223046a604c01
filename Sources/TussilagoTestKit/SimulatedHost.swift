import FoundationEssentials
public import TussilagoCore

/// A host as a value: files, systemd, Caddy and images, as far as plans can tell. It behaves instead of expecting calls.
public struct SimulatedHost: Sendable {
    /// The unit files.
    public var units: [UnitFile.Path: String] = [:]
    /// The unit files as systemd read them last.
    public var loaded: [UnitFile.Path: String] = [:]
    /// Whether the store owes a reload.
    public var reloadOwed = false
    /// The staged releases.
    public var releases: [AppReference: [ReleaseNumber: Release]] = [:]
    /// What is noted of apps' secrets.
    public var secrets: [AppReference: [SecretRecord]] = [:]
    /// The instances that may run.
    public var live: Set<Instance> = []
    /// What targets start.
    public var wants: [UnitName: Set<UnitName>] = [:]
    /// What upstreams lead to.
    public var upstreams: [AppReference: [Int: Instance]] = [:]
    /// What tenants' apps may reach, by the files.
    public var grants: [TenantName: EgressGrant] = [:]
    /// The same as the kernel has it.
    public var loadedGrants: [TenantName: EgressGrant] = [:]
    /// What Caddy was told.
    public var routes = RouteTable()
    /// Hostnames at which Caddy does not answer, whatever it was told.
    public var silent: Set<String> = []
    /// Hostnames that a route claims which is not the platform's.
    public var foreignHostnames: [String] = []
    /// What runs.
    public var active: Set<UnitName> = []
    /// Units that have ended by themselves, and were given up.
    public var failed: Set<UnitName> = []
    /// Instances that never get ready.
    public var broken: Set<UnitName> = []
    /// Whether builds fail.
    public var failsBuilds = false
    /// Every unit that was ever started, by name.
    public var started: Set<String> = []
    /// What the journal says of units that do not start.
    public var obstacles: [UnitName: StartObstacle] = [:]
    /// The TXT records of the DNS.
    public var texts: [String: [String]] = [:]
    /// The images in the storage.
    public var images: [ImageReference: Digest] = [:]
    /// The bridges that Podman has.
    public var bridges: Set<AppReference> = []
    /// How often systemd was reloaded.
    public var reloads = 0
    /// How often Caddy was written to.
    public var routeWrites = 0
    /// Every instance that was ever the only one to serve and was stopped while its upstream led to it.
    public var outages: [UnitName] = []

    /// An empty host.
    public init() {}

    /// What is, within a scope.
    public func observe(_ desired: DesiredState) -> ObservedState {
        let installed = installed(desired.scope)
        var status: [UnitName: UnitStatus] = [:]
        for unit in desired.units(with: installed) { status[unit] = self.status(unit) }
        var route: AppRoute?
        if case .app(let app) = desired.scope { route = routes[app] }
        return ObservedState(installed: installed, status: status, route: route)
    }

    /// What the files say, within a scope.
    public func installed(_ scope: Scope) -> InstalledState {
        var state = InstalledState()
        state.reloadOwed = reloadOwed
        switch scope {
        case .tenant(let name):
            state.units = units.filter { $0.key == .system(name.slice) || $0.key == .system(name.target) }
            state.wants[.multiUser] = wants[.multiUser]
            state.wants[name.target] = wants[name.target]
            state.egress = grants[name] ?? .none
        case .app(let app):
            state.units = units.filter { $0.key.app == app }
            state.releases = Set(releases[app, default: [:]].keys)
            state.secrets = secrets[app] ?? []
            state.live = live.filter { $0.app == app }
            state.wants[app.tenant.target] = wants[app.tenant.target]
            state.wants[app.target] = wants[app.target]
            state.upstreams = upstreams[app] ?? [:]
        }
        return state
    }

    /// What the files say, and of whom they say that they are, within a scope.
    public func files(of scope: Scope) -> ScopeFiles {
        let units = units.sorted { $0.key < $1.key }.compactMap { UnitRecord($0.value, modified: .distantPast) }.filter
        {
            scope == ($0.app.map { .app($0.reference) } ?? .tenant($0.tenant.name))
        }
        var stored: [HostRecords.StoredRelease] = []
        if case .app(let app) = scope {
            stored = releases[app, default: [:]].values.map {
                .init($0.number, text: (try? $0.text()) ?? "", modified: .distantPast)
            }
        }
        return ScopeFiles(scope: scope, installed: installed(scope), units: units, releases: stored)
    }

    /// How systemd has a unit.
    public func status(_ unit: UnitName) -> UnitStatus {
        guard isLoaded(unit) else { return active.contains(unit) ? .running : .notFound }
        if failed.contains(unit) { return UnitStatus(load: "loaded", active: "failed", sub: "failed") }
        return active.contains(unit) ? .running : .stopped
    }

    func isLoaded(_ unit: UnitName) -> Bool {
        // The package's own: no plan has to do with it.
        if unit == .databases { return true }
        if let template = unit.stem.split(separator: "@").first.flatMap({ TemplateName(stem: String($0)) }),
            unit.stem.contains("@")
        {
            return loaded[template.path] != nil && (unit.type != .timer || loaded[template.timerPath] != nil)
        }
        return loaded[.system(unit)] != nil
    }

    /// Performs a step; what a real host would refuse is refused.
    public mutating func perform(_ step: Step) throws(PortError) {
        switch step {
        case .check: break
        case .files(let change): try perform(change)
        case .reload(let expected):
            reloads += 1
            loaded = units
            for unit in expected where !isLoaded(unit) {
                throw PortError(.refused, unit.description, cause: "systemd did not load it")
            }
        case .start(let units): for unit in units { try start(unit) }
        case .route(let app, let route):
            routeWrites += 1
            routes = routes.replacing(app, with: route)
        case .probe(let hostnames, _):
            let known = Set(routes.owners.map(\.hostname)).subtracting(silent)
            for hostname in hostnames where !known.contains(hostname) {
                throw PortError(.refused, hostname, cause: "it does not answer")
            }
        case .filter: loadedGrants = grants
        case .drain: break
        case .stop(let units): for unit in units { stop(unit, willed: false) }
        case .halt(let units): for unit in units { stop(unit, willed: true) }
        }
    }

    /// Changes the files.
    public mutating func perform(_ change: FileChange) throws(PortError) {
        switch change {
        case .stage(let release, _): releases[release.app, default: [:]][release.number] = release
        case .noteSecrets(let app, let records): secrets[app] = records.isEmpty ? nil : records
        case .admit(let instances):
            for instance in instances {
                guard releases[instance.app]?[instance.release] != nil else {
                    throw PortError(.notFound, instance.description, cause: "its release is not staged")
                }
                live.insert(instance)
            }
        case .retire(let instances): live.subtract(instances)
        case .discard(let app, let numbers):
            for number in numbers { releases[app]?[number] = nil }
        case .install(let files):
            reloadOwed = true
            for file in files { units[file.path] = file.text }
        case .uninstall(let paths):
            reloadOwed = true
            for path in paths { units[path] = nil }
        case .settle: reloadOwed = false
        case .want(let target, let units): wants[target] = units.isEmpty ? nil : Set(units)
        case .enable(let unit, let target, let on):
            if on { wants[target, default: []].insert(unit) } else { wants[target]?.remove(unit) }
            if wants[target]?.isEmpty == true { wants[target] = nil }
        case .grant(let tenant, let egress): grants[tenant] = egress == .none ? nil : egress
        case .point(let app, let copy, let instance):
            upstreams[app, default: [:]][copy] = instance
            if upstreams[app]?.isEmpty == true { upstreams[app] = nil }
        }
    }

    /// Starts a unit as systemd would: a target on its own, an instance only with its template and its link.
    public mutating func start(_ unit: UnitName) throws(PortError) {
        guard isLoaded(unit) else { throw PortError(.notFound, unit.description, cause: "there is no such unit") }
        if let instance = Instance(unit: unit) {
            guard live.contains(where: { $0.app == instance.app && $0.instanceName == instance.instanceName }) else {
                throw PortError(.refused, unit.description, cause: "its condition was not met")
            }
            guard !broken.contains(unit) else {
                throw PortError(.startFailed, unit.description, cause: "it did not get ready")
            }
            active.insert(instance.app.slice)
        }
        if failsBuilds, unit.stem.contains("-build@") {
            throw PortError(.startFailed, unit.description, cause: "it ended with 1")
        }
        active.insert(unit)
        started.insert(unit.description)
        failed.remove(unit)
    }

    /// Has a timer start its service, as when its time has come.
    public mutating func fire(_ timer: UnitName) {
        guard active.contains(timer), let instance = Instance(unit: timer) else { return }
        try? start(instance.service)
    }

    /// Stops a unit, and with a target all that is part of it.
    public mutating func stop(_ unit: UnitName, willed: Bool) {
        if !willed, active.contains(unit), upstreams.values.contains(where: { $0.values.contains { $0.unit == unit } })
        {
            outages.append(unit)
        }
        active.remove(unit)
        guard unit.type == .target else { return }
        if let app = AppReference(unit: unit) {
            for part in active where Instance(unit: part)?.app == app { stop(part, willed: willed) }
        } else {
            for part in active {
                if let app = AppReference(unit: part), part.type == .target, app.tenant.target == unit {
                    stop(part, willed: willed)
                }
            }
        }
    }

    /// Boots anew: systemd reads all files, and starts what the targets want.
    public mutating func reboot() {
        active = []
        loaded = units
        loadedGrants = grants
        reloadOwed = false
        for tenant in wants[.multiUser, default: []] where isLoaded(tenant) {
            active.insert(tenant)
            for app in wants[tenant, default: []] where isLoaded(app) {
                active.insert(app)
                for unit in wants[app, default: []] { try? start(unit) }
            }
        }
    }
}

extension UnitFile.Path {
    /// The app that the file is of; nil for a tenant's.
    var app: AppReference? {
        switch self {
        case .template(_, let stem): TemplateName(stem: stem)?.app
        case .network(let app): app
        case .system(let unit): AppReference(unit: unit) ?? TemplateName(timer: unit)?.app
        }
    }
}
