internal import TussilagoCore

/// The links of each app through which Caddy dials the instances that serve, one a copy: `shop`, `shop.2`.
///
/// To move it is the commit point of a deploy.
struct UpstreamLinks {
    let root: HostRoot

    /// Moves the upstream of one copy, in one rename that is on the disk when this returns; nil takes it away.
    func point(_ app: AppReference, copy: Int, at instance: Instance?) throws(PortError) {
        guard let instance else { return try remove(app, copy: copy) }
        let tenant = try root.makeDirectory(.state, directory(of: app.tenant))
        // Synced even if it is the same link: it may have been made by a call that was cut before its sync.
        try tenant.link(HostPaths.upstreamName(app.app, copy: copy), to: HostPaths.ingress(instance))
        try tenant.sync(as: "\(app)")
    }

    private func remove(_ app: AppReference, copy: Int) throws(PortError) {
        guard let tenant = try root.directory(.state, directory(of: app.tenant)) else { return }
        try tenant.remove(HostPaths.upstreamName(app.app, copy: copy))
        try tenant.sync(as: "\(app)")
        guard let upstreams = try root.directory(.state, HostPaths.upstreams) else { return }
        try upstreams.removeDirectory(ifEmpty: app.tenant.rawValue)
    }

    /// The instances that the upstreams of a tenant's apps lead to, by copy; without those that lead nowhere, or
    /// somewhere else.
    func instances(of tenant: TenantName) throws(PortError) -> [AppReference: [Int: Instance]] {
        guard let directory = try root.directory(.state, directory(of: tenant)) else { return [:] }
        var instances: [AppReference: [Int: Instance]] = [:]
        for name in try directory.names(as: "upstreams") {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard let app = try? AppName(parts[0]), let copy = parts.count == 1 ? 1 : Int(parts[1]), copy >= 1,
                name == HostPaths.upstreamName(app, copy: copy), let target = try directory.linkTarget(name),
                let stem = target.split(separator: "/").last, let unit = UnitName("\(stem).service"),
                let instance = Instance(unit: unit), target == HostPaths.ingress(instance),
                instance.app == AppReference(tenant: tenant, app: app)
            else { continue }
            instances[instance.app, default: [:]][copy] = instance
        }
        return instances
    }

    private func directory(of tenant: TenantName) -> String { "\(HostPaths.upstreams)/\(tenant)" }
}
