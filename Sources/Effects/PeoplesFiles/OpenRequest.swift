internal import CShims
internal import Glibc

/// What the program that opens people's files is asked for: one letter and a path, on a connection of its own. It answers
/// with the open file, or with the error number.
public struct OpenRequest: Hashable, Sendable {
    /// What shall be opened, for reading.
    public enum Kind: UInt8, Hashable, Sendable {
        /// A directory; a symbolic link to one is refused with `ENOTDIR`.
        case directory = 0x64
        /// A file of any kind, or what a symbolic link leads to. A FIFO is not waited for.
        case file = 0x66

        var flags: Int32 {
            switch self {
            case .directory: O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW
            case .file: O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
            }
        }
    }

    let kind: Kind
    let path: String

    /// Asks for an absolute path.
    public init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    /// The letter, and the path.
    var bytes: [UInt8] { [kind.rawValue] + Array(path.utf8) }

    /// What was sent, if it is a request: an absolute path without a zero byte, no longer than Linux takes one.
    init?(_ bytes: [UInt8]) {
        guard let first = bytes.first, let kind = Kind(rawValue: first), bytes.count <= Self.limit,
            !bytes.contains(0), let path = String(validating: bytes.dropFirst(), as: UTF8.self), path.hasPrefix("/")
        else { return nil }
        self.init(kind, path)
    }

    /// PATH_MAX (limits.h) with its zero byte, which the letter takes the place of.
    private static let limit = 4096

    /// The open file, or -1 and the error number where it cannot be opened.
    func open() -> (descriptor: Int32, error: Int32) {
        while true {
            let descriptor = Glibc.open(path, kind.flags)
            if descriptor >= 0 { return (descriptor, 0) }
            if errno != EINTR { return (-1, errno) }
        }
    }

    /// Serves one connection to its end.
    /// - Returns: false if what came was no request, or nobody was there to answer.
    public static func answer(_ connection: Int32) -> Bool {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: limit + 1)
        while bytes.count <= limit {
            let count = read(connection, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        guard let request = OpenRequest(bytes) else { return false }
        let (descriptor, error) = request.open()
        defer { if descriptor >= 0 { close(descriptor) } }
        // Error numbers of Linux are below 134 (errno(3)).
        return tsl_send_descriptor(connection, UInt8(clamping: error), descriptor) == 1
    }
}
