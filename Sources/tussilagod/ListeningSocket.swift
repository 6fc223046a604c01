import CShims
import CSystemd
import Glibc

/// The socket that the agent serves on: systemd's, or for development one of its own.
enum ListeningSocket {
    /// Why there is no socket to serve on.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The descriptor of a listening Unix stream socket.
    static func descriptor(listeningAt path: String?) throws(Failure) -> CInt {
        if let path { return try listen(at: path) }
        let count = sd_listen_fds(1)
        guard count > 0 else {
            throw Failure(
                description: """
                    no socket was passed: systemd starts this program when somebody connects
                    mend: systemctl enable --now tussilagod.socket
                    for development: tussilagod --listen PATH
                    """)
        }
        let descriptor = SD_LISTEN_FDS_START
        guard count == 1, sd_is_socket_unix(descriptor, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0 else {
            throw Failure(description: "tussilagod.socket must pass one listening Unix stream socket, and nothing else")
        }
        return descriptor
    }

    private static func listen(at path: String) throws(Failure) -> CInt {
        func failure(_ call: String) -> Failure {
            Failure(description: "cannot listen at \(path): \(call): \(String(cString: strerror(errno)))")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket") }
        unlink(path)
        guard tsl_bind_unix(descriptor, path) == 0 else { throw failure("bind") }
        guard chmod(path, 0o600) == 0, Glibc.listen(descriptor, SOMAXCONN) == 0 else { throw failure("listen") }
        return descriptor
    }
}
