internal import Glibc
internal import TussilagoCore

/// The host's file system, or for tests a directory that stands for it.
///
/// The directories that packages and admins make may be links to other disks, and are opened by their paths. All that
/// is below them is the platform's: that is reached step by step, and a link in it is refused.
struct HostRoot: Sendable {
    /// What stands before every path; empty for the host itself.
    let prefix: String

    /// The directories that everything else lies in, with the mode of those that have to be made.
    enum Base: String {
        case state, systemUnits, quadlets, runtime, credentials, buildOutput

        var path: String {
            switch self {
            case .state: HostPaths.state
            case .systemUnits: HostPaths.systemUnits
            case .quadlets: HostPaths.quadlets
            case .runtime: "/run/tussilago"
            case .credentials: HostPaths.credentials
            case .buildOutput: HostPaths.buildOutput
            }
        }

        /// In the state, Caddy and the tenants' mapped roots go through to what they know the name of; they list nothing.
        var mode: mode_t {
            switch self {
            case .state, .buildOutput: 0o711
            case .systemUnits, .quadlets, .runtime: 0o755
            case .credentials: 0o700
            }
        }

        /// The names that lead from it to `path`; nil when that lies elsewhere.
        func components(of path: String) -> [String]? {
            guard path.hasPrefix("\(self.path)/") else { return nil }
            return path.dropFirst(self.path.count + 1).split(separator: "/").map(String.init)
        }
    }

    /// Opens a base directory, or one below it by its absolute path; nil when it is not there.
    func directory(_ base: Base, _ path: String? = nil) throws(PortError) -> Directory? {
        guard var directory = try Directory.open(prefix + base.path, as: base.rawValue, followingLink: true) else {
            return nil
        }
        for name in try components(of: path, below: base) {
            guard let child = try directory.directory(name) else { return nil }
            directory = child
        }
        return directory
    }

    /// Opens a base directory, or one below it, and makes what is not there of it.
    func makeDirectory(_ base: Base, _ path: String? = nil) throws(PortError) -> Directory {
        guard var directory = try Directory.open(prefix + "/", as: "/", followingLink: true) else {
            throw PortError(.notFound, "/", cause: "it is not there")
        }
        if let there = try self.directory(base) {
            directory = there
        } else {
            let names = base.path.split(separator: "/").map(String.init)
            for (depth, name) in names.enumerated() {
                let mode = depth == names.count - 1 ? base.mode : 0o755
                directory = try directory.makeDirectory(name, mode: mode)
            }
        }
        for name in try components(of: path, below: base) {
            directory = try directory.makeDirectory(name, mode: base.mode)
        }
        return directory
    }

    private func components(of path: String?, below base: Base) throws(PortError) -> [String] {
        guard let path else { return [] }
        guard let components = base.components(of: path) else {
            throw PortError(.unexpected, base.rawValue, cause: "a place outside of it was asked for", detail: path)
        }
        return components
    }
}
