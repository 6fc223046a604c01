internal import TussilagoCore

/// One look at the files of many tenants and apps. What several of them share is read once: the directory of a tenant's
/// quadlets, of its upstreams, and what its target starts.
final class HostLook {
    private let root: HostRoot
    private let units: InstalledUnits
    private var wanted: [UnitName: Set<UnitName>] = [:]
    private var templates: [TenantName: [AppReference: [UnitFile.Path]]] = [:]
    private var upstreams: [TenantName: [AppReference: [Int: Instance]]] = [:]

    init(root: HostRoot) {
        self.root = root
        units = InstalledUnits(root: root, places: OpenPlaces(root: root))
    }

    /// What the files within a scope say.
    func files(of scope: Scope) throws(PortError) -> ScopeFiles {
        var state = InstalledState()
        state.reloadOwed = try units.reloadOwed()
        switch scope {
        case .tenant(let tenant):
            let files = try units.files(of: [.system(tenant.slice), .system(tenant.target)], in: scope)
            state.units = files.texts
            state.wants = try wants(of: [.multiUser, tenant.target])
            return ScopeFiles(scope: scope, installed: state, units: files.records)
        case .app(let app):
            let files = try units.files(
                of: [.system(app.slice), .system(app.target), .network(app)] + (try templates(of: app)), in: scope)
            state.units = files.texts
            state.wants = try wants(of: [app.tenant.target, app.target])
            state.upstreams = try upstreams(of: app)
            guard let home = try root.directory(.state, HostPaths.app(app)) else {
                return ScopeFiles(scope: scope, installed: state, units: files.records)
            }
            let releases = try ReleaseStore(root: root).records(in: home)
            state.releases = Set(releases.filter(\.isWhole).map(\.number))
            state.live = try LiveLinks(root: root).instances(of: app, in: home)
            return ScopeFiles(scope: scope, installed: state, units: files.records, releases: releases)
        }
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
        let units = try WantsLinks(root: root).units(of: target)
        wanted[target] = units
        return units
    }

    private func templates(of app: AppReference) throws(PortError) -> [UnitFile.Path] {
        if let known = templates[app.tenant] { return known[app] ?? [] }
        let all = try units.templates(of: app.tenant)
        templates[app.tenant] = all
        return all[app] ?? []
    }

    /// The instances that an app's upstreams lead to, by copy.
    private func upstreams(of app: AppReference) throws(PortError) -> [Int: Instance] {
        if let known = upstreams[app.tenant] { return known[app] ?? [:] }
        let all = try UpstreamLinks(root: root).instances(of: app.tenant)
        upstreams[app.tenant] = all
        return all[app] ?? [:]
    }
}
