internal import CShims
internal import Glibc
public import TussilagoCore

/// Opens files and directories that people name: what they deploy, backups, keys.
///
/// The agent sees neither homes nor `/tmp`. A program that sees them, and has nothing else, opens the one that is asked for
/// and passes it on. Whose it is, and what kind of file, is for whoever asked to find out: by the open file.
public struct FileOpener: Sendable {
    private let socket: String?

    /// The socket of `tussilago-open.socket`.
    public static let socket = "/run/tussilago/open.sock"

    /// How long the program may take, which waits for disks and networks of people's files, in seconds.
    static let patience = 30

    /// - Parameter socket: where the program is asked; nil opens files here, for tests and programs that see them.
    public init(socket: String?) { self.socket = socket }

    /// Opens a file or directory by its absolute path. The caller closes it.
    ///
    /// - Parameter subject: What people are told that an error happened to.
    /// - Returns: A descriptor for reading, close-on-exec, or the error number with which it could not be opened.
    /// - Throws: ``PortError/Code-swift.enum/unavailable`` and ``PortError/Code-swift.enum/timedOut`` when the program
    ///   cannot be asked or does not answer.
    public func open(
        _ kind: OpenRequest.Kind, _ path: String, as subject: String
    ) throws(PortError) -> (descriptor: Int32, error: Int32) {
        let request = OpenRequest(kind, path)
        guard let socket else { return request.open() }
        let connection = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { throw Self.failure(subject, "the host is out of file descriptors or memory") }
        defer { close(connection) }
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard tsl_connect_unix(connection, socket) == 0 else {
            throw Self.failure(
                subject, "tussilago-open.socket is not there; mend: systemctl start tussilago-open.socket")
        }
        try ask(request, connection, subject)
        return try answer(connection, subject)
    }

    private func ask(_ request: OpenRequest, _ connection: Int32, _ subject: String) throws(PortError) {
        let bytes = request.bytes
        // A new connection's buffer has room for far more than a path.
        guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count,
            shutdown(connection, Int32(SHUT_WR)) == 0
        else { throw Self.failure(subject, "the program that opens files went away") }
    }

    private func answer(_ connection: Int32, _ subject: String) throws(PortError) -> (Int32, Int32) {
        var error: UInt8 = 0
        var descriptor: Int32 = -1
        while true {
            switch tsl_receive_descriptor(connection, &error, &descriptor) {
            case 1 where error == 0 && descriptor >= 0: return (descriptor, 0)
            case 1 where error != 0 && descriptor < 0: return (-1, Int32(error))
            case -1 where errno == EINTR: continue
            case -1 where errno == EAGAIN:
                throw PortError(.timedOut, subject, cause: "it could not be opened within \(Self.patience) seconds")
            default:
                if descriptor >= 0 { close(descriptor) }
                throw Self.failure(subject, "the program that opens files went away")
            }
        }
    }

    private static func failure(_ subject: String, _ cause: String) -> PortError {
        PortError(.unavailable, subject, cause: cause)
    }
}
