internal import TussilagoCore

/// The tenants and apps of which the host has anything in the platform's name.
struct StoredScopes {
    let root: HostRoot

    /// All of them: those with unit files of the platform, with releases, with upstreams.
    /// - Parameter owned: false takes the names of unit files for theirs, and spares reading them.
    func all(owned: Bool) throws(PortError) -> Set<Scope> {
        var scopes = try withUnits(owned: owned)
        for (directory, subject) in [("\(HostPaths.state)/apps", "apps"), (HostPaths.upstreams, "upstreams")] {
            scopes.formUnion(try below(directory, as: subject))
        }
        return scopes
    }

    private func withUnits(owned: Bool) throws(PortError) -> Set<Scope> {
        var scopes: Set<Scope> = []
        let units = InstalledUnits(root: root, places: OpenPlaces(root: root))
        func isTaken(_ path: UnitFile.Path) throws(PortError) -> Bool { owned ? try units.isOwned(path) : true }
        if let directory = try root.directory(.systemUnits) {
            for name in try directory.names(as: "units") where name.hasPrefix("tussilago-") {
                guard let unit = UnitName(name) else { continue }
                let app = AppReference(unit: unit) ?? TemplateName(timer: unit)?.app
                let scope = app.map(Scope.app) ?? TenantName(unit: unit).map(Scope.tenant)
                guard let scope, try isTaken(.system(unit)) else { continue }
                scopes.insert(scope)
            }
        }
        guard let quadlets = try root.directory(.quadlets) else { return scopes }
        for name in try quadlets.names(as: "units") {
            guard let tenant = try? TenantName(name), let directory = try quadlets.directory(name) else { continue }
            for file in try directory.names(as: "units") where file.hasSuffix("@.container") {
                guard let template = TemplateName(stem: String(file.dropLast("@.container".count))),
                    template.app.tenant == tenant, try isTaken(template.path)
                else { continue }
                scopes.insert(.app(template.app))
            }
        }
        return scopes
    }

    private func below(_ path: String, as subject: String) throws(PortError) -> Set<Scope> {
        var scopes: Set<Scope> = []
        guard let directory = try root.directory(.state, path) else { return scopes }
        for name in try directory.names(as: subject) {
            guard let tenant = try? TenantName(name), let apps = try directory.directory(name) else { continue }
            for app in try apps.names(as: subject) {
                // Of upstreams, each copy has one: `shop`, `shop.2`.
                guard let app = try? AppName(app.split(separator: ".").first ?? "") else { continue }
                scopes.insert(.app(AppReference(tenant: tenant, app: app)))
            }
        }
        return scopes
    }
}
