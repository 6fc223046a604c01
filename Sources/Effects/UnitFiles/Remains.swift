internal import TussilagoCore

/// What stands in an app's place besides its units, whatever it is: a release whose record is gone, an upstream that
/// leads elsewhere. An observation does not show it, so no plan removes it.
struct Remains {
    let root: HostRoot

    /// Removes it; that there is none is no error. The app's links and releases go with it.
    func remove(of app: AppReference) throws(PortError) {
        try remove(of: app.tenant, in: HostPaths.upstreams) { $0.split(separator: ".").first ?? "" == app.app.rawValue }
        try remove(of: app.tenant, in: HostPaths.apps) { $0 == app.app.rawValue }
    }

    private func remove(
        of tenant: TenantName, in place: String, where isOwn: (String) -> Bool
    ) throws(PortError) {
        guard let parent = try root.directory(.state, place), let directory = try parent.directory(tenant.rawValue)
        else { return }
        let own = try directory.names(as: place).filter(isOwn)
        guard !own.isEmpty else { return }
        for name in own { try directory.removeTree(name) }
        try directory.sync(as: place)
        try parent.removeDirectory(ifEmpty: tenant.rawValue)
    }
}
