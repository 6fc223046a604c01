internal import CShims
import Glibc

/// Finds out whether a Unix socket has a listener.
enum SocketProbe {
    /// Whether a connection to the socket at `path` is accepted at once.
    static func accepts(_ path: String) -> Bool {
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, flags, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return tsl_connect_unix(descriptor, path) == 0
    }
}
