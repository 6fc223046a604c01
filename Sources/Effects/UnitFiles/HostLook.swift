internal import Glibc
internal import TussilagoCore

/// One look at the files of many tenants and apps. What several of them share is read once: the directory of a tenant's
/// quadlets, of its upstreams, and what its target starts.
final class HostLook {
    private let root: HostRoot
    let places: OpenPlaces
    /// When it began, in seconds since 1970.
    let now: Int
    private let units: InstalledUnits
    private lazy var reloadOwed = Result<Bool, PortError> { () throws(PortError) in try units.reloadOwed() }
    private var wanted: [UnitName: Set<UnitName>] = [:]
    private var templates: [TenantName: [AppReference: [UnitFile.Path]]] = [:]
    private lazy var timers = Result<[AppReference: [UnitFile.Path]], PortError> { () throws(PortError) in
        try units.timers()
    }
    private var upstreams: [TenantName: [AppReference: [Int: Instance]]] = [:]

    init(root: HostRoot, now: Int = time(nil)) {
        self.root = root
        places = OpenPlaces(root: root)
        self.now = now
        units = InstalledUnits(root: root, places: places)
    }

    /// What the files within a scope say.
    func files(of scope: Scope) throws(PortError) -> ScopeFiles {
        var state = InstalledState()
        state.reloadOwed = try isReloadOwed()
        switch scope {
        case .tenant(let tenant):
            let files = try units.files(of: [.system(tenant.slice), .system(tenant.target)], in: scope)
            state.units = files.texts
            state.wants = try wants(of: [.multiUser, tenant.target])
            state.egress = try EgressGrants(root: root).grant(of: tenant)
            return ScopeFiles(scope: scope, installed: state, units: files.records)
        case .app(let app):
            let files = try units.files(
                of: [.system(app.slice), .system(app.target), .network(app)] + (try templates(of: app))
                    + (try timers(of: app)),
                in: scope)
            state.units = files.texts
            state.wants = try wants(of: [app.tenant.target, app.target])
            state.upstreams = try upstreams(of: app)
            let apps = try places.open(UnitPlace(base: .state, path: "\(HostPaths.apps)/\(app.tenant)"))
            guard let home = try apps?.directory(app.app.rawValue) else {
                return ScopeFiles(scope: scope, installed: state, units: files.records)
            }
            let links = try LiveLinks(root: root).names(in: home)
            let staged = try ReleaseStore(root: root).staged(of: app, in: home, linked: links)
            state.releases = Set(staged.records.filter(\.isWhole).map(\.number))
            state.live = staged.live
            state.secrets = try SecretRecords.secrets(in: home)
            return ScopeFiles(scope: scope, installed: state, units: files.records, releases: staged.records)
        }
    }

    /// Whether files were written that systemd has not read yet.
    func isReloadOwed() throws(PortError) -> Bool { try reloadOwed.get() }

    /// Whether a target starts a unit.
    func wants(_ unit: UnitName, by target: UnitName) throws(PortError) -> Bool {
        try units(wantedBy: target).contains(unit)
    }

    private func wants(of targets: [UnitName]) throws(PortError) -> [UnitName: Set<UnitName>] {
        var wants: [UnitName: Set<UnitName>] = [:]
        for target in targets {
            let units = try units(wantedBy: target)
            if !units.isEmpty { wants[target] = units }
        }
        return wants
    }

    private func units(wantedBy target: UnitName) throws(PortError) -> Set<UnitName> {
        if let known = wanted[target] { return known }
        let place = try places.open(UnitPlace(base: .systemUnits, path: nil))
        let units =
            try place.map { place throws(PortError) in try WantsLinks(root: root).units(of: target, in: place) } ?? []
        wanted[target] = units
        return units
    }

    func templates(of app: AppReference) throws(PortError) -> [UnitFile.Path] {
        if let known = templates[app.tenant] { return known[app] ?? [] }
        let all = try units.templates(of: app.tenant)
        templates[app.tenant] = all
        return all[app] ?? []
    }

    func timers(of app: AppReference) throws(PortError) -> [UnitFile.Path] { try timers.get()[app] ?? [] }

    /// The instances that an app's upstreams lead to, by copy.
    func upstreams(of app: AppReference) throws(PortError) -> [Int: Instance] {
        if let known = upstreams[app.tenant] { return known[app] ?? [:] }
        let all = try UpstreamLinks(root: root).instances(of: app.tenant)
        upstreams[app.tenant] = all
        return all[app] ?? [:]
    }
}
