internal import TussilagoCore

/// The link of each app through which Caddy dials the instance that serves.
///
/// To move it is the commit point of a deploy.
struct UpstreamLinks {
    let root: HostRoot

    /// Moves an app's upstream, in one rename that is on the disk when this returns; nil takes it away.
    func point(_ app: AppReference, at instance: Instance?) throws(PortError) {
        guard let instance else { return try remove(app) }
        let tenant = try root.makeDirectory(.state, directory(of: app.tenant))
        // Synced even if it is the same link: it may have been made by a call that was cut before its sync.
        try tenant.link(app.app.rawValue, to: HostPaths.ingress(instance))
        try tenant.sync(as: "\(app)")
    }

    private func remove(_ app: AppReference) throws(PortError) {
        guard let tenant = try root.directory(.state, directory(of: app.tenant)) else { return }
        try tenant.remove(app.app.rawValue)
        try tenant.sync(as: "\(app)")
        guard let upstreams = try root.directory(.state, HostPaths.upstreams) else { return }
        try upstreams.removeDirectory(ifEmpty: app.tenant.rawValue)
    }

    /// The instance that an app's upstream leads to; nil when it leads nowhere, or somewhere else.
    func instance(of app: AppReference) throws(PortError) -> Instance? {
        guard let tenant = try root.directory(.state, directory(of: app.tenant)),
            let target = try tenant.linkTarget(app.app.rawValue), let stem = target.split(separator: "/").last,
            let unit = UnitName("\(stem).service"), let instance = Instance(unit: unit),
            instance.app == app, target == HostPaths.ingress(instance)
        else { return nil }
        return instance
    }

    private func directory(of tenant: TenantName) -> String { "\(HostPaths.upstreams)/\(tenant)" }
}
