internal import TussilagoCore

/// One look at the files of many tenants and apps. What several of them share is read once: the directory of a tenant's
/// quadlets, of its upstreams, and what its target starts.
final class HostLook {
    private let root: HostRoot
    private var wanted: [UnitName: Set<UnitName>] = [:]
    private var templates: [TenantName: [AppReference: [UnitFile.Path]]] = [:]
    private var upstreams: [TenantName: [AppReference: [Int: Instance]]] = [:]

    init(root: HostRoot) { self.root = root }

    /// What there is within a scope.
    func state(of scope: Scope) throws(PortError) -> InstalledState {
        let units = InstalledUnits(root: root)
        var state = InstalledState()
        state.reloadOwed = try units.reloadOwed()
        switch scope {
        case .tenant(let tenant):
            state.units = try units.units(of: tenant)
            state.wants = try wants(of: [.multiUser, tenant.target])
        case .app(let app):
            state.units = try units.units(of: app, templates: try templates(of: app))
            state.releases = try ReleaseStore(root: root).numbers(of: app)
            state.live = try LiveLinks(root: root).instances(of: app)
            state.wants = try wants(of: [app.tenant.target, app.target])
            state.upstreams = try upstreams(of: app)
        }
        return state
    }

    /// What the unit files within a scope say of whom they are.
    func records(of scope: Scope) throws(PortError) -> [UnitRecord] {
        let paths: [UnitFile.Path] =
            switch scope {
            case .tenant(let tenant): [.system(tenant.slice), .system(tenant.target)]
            case .app(let app): [.system(app.slice), .system(app.target), .network(app)] + (try templates(of: app))
            }
        return try InstalledUnits(root: root).records(of: paths, in: scope)
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
        let all = try InstalledUnits(root: root).templates(of: app.tenant)
        templates[app.tenant] = all
        return all[app] ?? []
    }

    /// The instances that an app's upstreams lead to, by copy.
    func upstreams(of app: AppReference) throws(PortError) -> [Int: Instance] {
        if let known = upstreams[app.tenant] { return known[app] ?? [:] }
        let all = try UpstreamLinks(root: root).instances(of: app.tenant)
        upstreams[app.tenant] = all
        return all[app] ?? [:]
    }
}
