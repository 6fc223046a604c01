internal import TussilagoCore

/// What an agent that was killed between two calls has left, and no later plan would see: an observation shows what a
/// name stands for, not directories that stand for nothing.
struct Leftovers {
    let root: HostRoot

    /// Removes it.
    func remove() throws(PortError) {
        if let runtime = try root.directory(.runtime) {
            for name in try runtime.names(as: "runtime") {
                // With a dot in front while it is made.
                let plain = name.drop { $0 == "." }
                guard plain.hasPrefix(QuadletStaging.prefix), !plain.hasPrefix(QuadletStaging.ownPrefix) else {
                    continue
                }
                try runtime.removeTree(name)
            }
        }
        try removeFromUnits()
        if let quadlets = try root.directory(.quadlets) { try removeEmpty(in: quadlets) }
        if let upstreams = try root.directory(.state, HostPaths.upstreams) { try removeEmpty(in: upstreams) }
        if let state = try root.directory(.state) { try removeEmpty(EgressGrants.directory, in: state) }
        try removeFromApps()
        try removeFromCredentials()
        try SourceStore(root: root).removeLeftovers()
    }

    /// Among credentials of others, only what has the platform's names.
    private func removeFromCredentials() throws(PortError) {
        guard let credentials = try root.directory(.credentials) else { return }
        for name in try credentials.names(as: "credentials")
        where name.hasPrefix(".\(HostPaths.credentialPrefix)") && name.hasSuffix(".new") {
            try credentials.remove(name)
        }
    }

    /// Among units of others, only what has the platform's names.
    private func removeFromUnits() throws(PortError) {
        guard let units = try root.directory(.systemUnits) else { return }
        for name in try units.names(as: "units") {
            if name.hasPrefix(".tussilago-"), name.hasSuffix(".new") { try units.removeTree(name) }
            if name.hasPrefix("tussilago-"), name.hasSuffix(".wants") { try removeEmpty(name, in: units) }
        }
    }

    private func removeFromApps() throws(PortError) {
        guard let apps = try root.directory(.state, HostPaths.apps) else { return }
        for tenant in try apps.names(as: "apps") {
            guard let directory = try apps.directory(tenant) else { continue }
            for app in try directory.names(as: tenant) {
                guard let parts = try directory.directory(app) else { continue }
                try parts.removeLeftovers(as: app)
                for part in try parts.names(as: app) { try removeEmpty(part, in: parts) }
                try directory.removeDirectory(ifEmpty: app)
            }
            try apps.removeDirectory(ifEmpty: tenant)
        }
    }

    private func removeEmpty(in parent: borrowing Directory) throws(PortError) {
        for name in try parent.names(as: "directories") { try removeEmpty(name, in: parent) }
    }

    /// Removes a directory when nothing but temporary names is in it, and the temporary names in any case.
    private func removeEmpty(_ name: String, in parent: borrowing Directory) throws(PortError) {
        guard try parent.status(of: name)?.kind == .directory, let directory = try parent.directory(name) else {
            return
        }
        try directory.removeLeftovers(as: name)
        try parent.removeDirectory(ifEmpty: name)
    }
}
