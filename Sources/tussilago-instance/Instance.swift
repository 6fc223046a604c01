import CShims
import Glibc

/// What one instance has in the directory of all ingresses; Caddy reaches it through the app's upstream link.
///
/// - `starting`: there as long as the instance is starting; Caddy holds requests meanwhile
/// - `in/web.sock`: what Caddy dials
/// - `static`: links to the files that Caddy answers with itself, for an app that names some
/// - `bridge`: for an app that listens on a port, what becomes `in` once it is ready
struct Instance {
    /// Where all instances' directories are; the same as TussilagoCore's `HostPaths.ingress`.
    static let root = "/run/tussilago-ingress"

    /// The unit's name without its type.
    let name: String

    init(_ name: String) throws(Failure) {
        guard name.hasPrefix("tussilago-"), isUnitName(name) else { throw Failure("\(name) is not an instance's name") }
        self.name = name
    }

    /// Takes the name of the service as well.
    init(unit: String) throws(Failure) {
        guard unit.hasSuffix(".service") else { throw Failure("\(unit) is not a service") }
        try self.init(String(unit.dropLast(".service".count)))
    }

    var directory: String { "\(Self.root)/\(name)" }
    var ingress: String { "\(directory)/in" }
    var bridge: String { "\(directory)/bridge" }
    /// The socket to ask while the app is starting.
    var socket: String {
        var status = stat()
        let isOnBridge = lstat(bridge, &status) == 0
        return "\(isOnBridge ? bridge : ingress)/\(SocketDirectory.socketName)"
    }
    private var startingMark: String { "\(directory)/starting" }

    /// Makes the directory, with the mark that the instance is starting; both may be there, from the launcher.
    func create() throws(Failure) {
        try makeDirectory(Self.root)
        try makeDirectory(directory)
        try write("", to: startingMark)
    }

    /// Leads to the socket of the app's bridge, beside the instances' directories, and says where the app listens.
    ///
    /// The socket is there before the app is; so the link gets its final name from ``admitRequests()`` only, and
    /// until then Caddy finds nothing to dial and waits.
    func linkBridge(_ name: String, upstream: String) throws(Failure) {
        let shared = "\(Self.root)/\(name)"
        try makeDirectory(shared)
        try write("TUSSILAGO_UPSTREAM=\(upstream)\n", to: "\(shared)/upstream.env")
        guard symlink("../\(name)", bridge) == 0 else { throw Failure("cannot make \(bridge)", errno: errno) }
    }

    /// Lets requests in: the app has answered.
    func admitRequests() throws(Failure) {
        if rename(bridge, ingress) != 0 {
            guard errno == ENOENT else { throw Failure("cannot make \(ingress)", errno: errno) }
            try SocketDirectory(self).openSocket()
        }
        guard unlink(startingMark) == 0 || errno == ENOENT else {
            throw Failure("cannot remove \(startingMark)", errno: errno)
        }
    }

    /// Takes away all that there is of the instance, whatever state a crash has left it in.
    func clear() throws(Failure) {
        _ = unlink(startingMark)
        try clearIngress()
        try StaticFiles(self).clear()
        guard rmdir(directory) == 0 || errno == ENOENT else {
            throw Failure("cannot remove \(directory)", errno: errno)
        }
    }

    /// Takes the mark away, and the directory if nothing else is in it: the instance does not start after all.
    func unmark() throws(Failure) {
        guard unlink(startingMark) == 0 || errno == ENOENT else {
            throw Failure("cannot remove \(startingMark)", errno: errno)
        }
        _ = rmdir(directory)
    }

    /// Takes away what requests would reach the app through, and leaves the mark: requests are held meanwhile.
    func clearIngress() throws(Failure) {
        _ = unlink(bridge)
        try SocketDirectory(self).unmount()
        // A link when the app listens on a port, else the directory that was mounted on.
        if unlink(ingress) != 0, errno == EISDIR { _ = rmdir(ingress) }
    }

    private func write(_ text: String, to path: String) throws(Failure) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Failure("cannot write \(path)", errno: errno) }
        defer { close(file) }
        var text = text
        guard text.withUTF8({ Glibc.write(file, $0.baseAddress, $0.count) }) == text.utf8.count else {
            throw Failure("cannot write \(path)", errno: errno)
        }
    }
}

/// Makes a directory that everyone may go through and nobody may list, if it is not there.
func makeDirectory(_ path: String) throws(Failure) {
    guard mkdir(path, 0o711) == 0 || errno == EEXIST else { throw Failure("cannot make \(path)", errno: errno) }
}
