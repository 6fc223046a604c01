import Glibc

/// The directories that Podman has made for one container before it calls `create`.
struct Container {
    /// The OCI bundle, `…/overlay-containers/ID/userdata` in Podman's storage.
    let bundle: String
    /// Where the pid file goes, `…/overlay-containers/ID/userdata` below `/run`.
    let runDirectory: String

    init(create call: RuntimeCall) throws(Refusal) {
        guard let id = call.container, let bundle = call.value(of: "bundle"), let pidFile = call.value(of: "pid-file")
        else {
            throw Refusal("create needs --bundle, --pid-file and a container")
        }
        self.bundle = bundle
        runDirectory = Self.parent(pidFile)
        for directory in [bundle, runDirectory] {
            let levels = directory.split(separator: "/", omittingEmptySubsequences: false)
            guard levels.count > 3, levels[0].isEmpty, levels[levels.count - 1] == "userdata",
                levels[levels.count - 2] == id, levels[levels.count - 3].hasSuffix("-containers"),
                !levels.contains("..")
            else { throw Refusal("\(directory) is not a directory of container \(id) in Podman's storage") }
        }
    }

    /// Lets the users that the container's root is mapped to go through its directories, and no others of Podman's.
    ///
    /// Since version 5.2 Podman makes them 0700, but runsc's gofer looks for files in them as the mapped root and ends
    /// (https://github.com/google/gvisor/issues/11040, https://github.com/containers/podman/issues/24311). To go
    /// through a directory is not to list it. The directories above are opened once, by tmpfiles.d.
    func openDirectories() throws(Refusal) {
        for directory in [bundle, runDirectory] {
            try Self.openDirectory(Self.parent(directory))
            try Self.openDirectory(directory)
        }
    }

    /// Which of the host's sockets it has to do with: whether it makes that of its ingress, and whether it connects to its
    /// tenant's pooler of databases. It may only where their directories are mounted in it.
    ///
    /// Looks for the bytes that Podman writes for a mount's source, paths that only the platform's units name. In
    /// a JSON text the quotes of any string's own content are escaped, so a tenant's text cannot bring them about.
    func sockets() throws(Refusal) -> Sockets {
        let path = "\(bundle)/config.json"
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw Refusal("cannot read \(path)", errno: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Refusal("cannot look at \(path)", errno: errno) }
        guard (1...Self.configurationLimit).contains(status.st_size) else {
            throw Refusal("\(path) has \(status.st_size) bytes")
        }
        let size = Int(status.st_size)
        // One byte more, which stays zero: strstr(3) stops there.
        var text = [CChar](repeating: 0, count: size + 1)
        var length = 0
        while length < size {
            let count = text.withUnsafeMutableBytes { read(file, $0.baseAddress?.advanced(by: length), size - length) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Refusal("cannot read \(path)", errno: count == 0 ? EIO : errno) }
            length += count
        }
        var sockets: Sockets = []
        if strstr(text, #""source":"/run/tussilago-ingress/"#) != nil { sockets.insert(.made) }
        if strstr(text, #""source":"/run/tussilago-pgbouncer/"#) != nil { sockets.insert(.dialled) }
        return sockets
    }

    /// What a container does with sockets of the host.
    struct Sockets: OptionSet {
        let rawValue: UInt8
        static let made = Sockets(rawValue: 1)
        static let dialled = Sockets(rawValue: 2)

        /// runsc's word for it.
        var flag: String {
            switch self {
            case [.made, .dialled]: "all"
            case .made: "create"
            case .dialled: "open"
            default: "none"
            }
        }
    }

    /// Far more than the largest manifest makes of it, in bytes.
    private static let configurationLimit = 1 << 22

    private static func openDirectory(_ path: String) throws(Refusal) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { throw Refusal("cannot open \(path)", errno: errno) }
        defer { close(directory) }
        var status = stat()
        guard fstat(directory, &status) == 0 else { throw Refusal("cannot look at \(path)", errno: errno) }
        guard status.st_mode & S_IXOTH == 0 else { return }
        guard fchmod(directory, status.st_mode & 0o7777 | S_IXOTH) == 0 else {
            throw Refusal("cannot open \(path) to the container's users", errno: errno)
        }
    }

    private static func parent(_ path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }
}
