import FoundationEssentials
import Glibc
import TussilagoAPI

/// The file that a token is read from. It is never an argument: those are seen by everyone on the host.
struct TokenFile {
    /// Says which file it is, where no option does.
    static let variable = "TUSSILAGO_TOKEN_FILE"
    private static let limit = 4_096

    let path: String

    /// The file of an option, or of the environment; nil when neither names one.
    init?(option: String?) {
        guard let path = option ?? getenv(Self.variable).map({ String(cString: $0) }), !path.isEmpty else { return nil }
        self.path = path
    }

    /// Reads the token.
    func read(json: Bool) throws -> String {
        func failure(_ reason: String, _ remedy: String) -> CommandFailure {
            CommandFailure(
                Problem(.invalidRequest, "the token file \(path) \(reason)", field: "token-file", remedy: remedy),
                json: json)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw failure("cannot be read: \(String(cString: strerror(errno)))", "name another with --token-file")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o007 == 0 else {
            throw failure("may be read by everybody", "chmod 600 \(path)")
        }
        var buffer = [UInt8](repeating: 0, count: Self.limit)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        let token = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self).filter { !$0.isWhitespace }
        guard !token.isEmpty else { throw failure("is empty", "tussilago token create NAME --tenant TENANT >\(path)") }
        return token
    }
}
