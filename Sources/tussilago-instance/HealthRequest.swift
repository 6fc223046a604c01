import CShims
import Glibc

/// One HTTP request (RFC 9112) to an app over its Unix socket.
///
/// The app may be hostile: what it sends is bounded in bytes and in time, and its socket is looked at anew each time.
struct HealthRequest {
    let path: String
    /// When it is given up, as ``milliseconds()`` counts.
    let deadline: Int64

    /// What became of a request.
    enum Outcome: Equatable, CustomStringConvertible {
        case noSocket
        case notASocket
        case cannotConnect(Int32)
        case closed
        case silent
        case notHTTP
        case status(Int)

        var description: String {
            switch self {
            case .noSocket: "it never made its socket /run/ingress/\(SocketDirectory.socketName)"
            case .notASocket: "/run/ingress/\(SocketDirectory.socketName) is not a socket"
            case .cannotConnect(let code): "\(String(cString: strerror(code))) (is the app listening on it?)"
            case .closed: "the connection was closed before an answer"
            case .silent: "it took the request and was silent"
            case .notHTTP: "what it answered is not HTTP"
            case .status(let code): "it answered \(code)"
            }
        }
    }

    /// How much of an answer is read, in bytes: its first line decides, the rest is only taken so as not to cut it.
    private static let answerLimit = 65_536
    /// How long the rest of a good answer is waited for, in milliseconds.
    private static let restLimit: Int64 = 250

    /// Sends the request, and reads what comes back.
    func send(to instance: Instance) -> Outcome {
        let connection: Int32
        switch connect(to: instance) {
        case .success(let descriptor): connection = descriptor
        case .failure(let outcome): return outcome
        }
        defer { close(connection) }
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tussilago\r\nConnection: close\r\n\r\n"
        let sent = request.utf8CString.withUnsafeBytes {
            Glibc.send(connection, $0.baseAddress, $0.count - 1, Int32(MSG_NOSIGNAL))
        }
        // A new connection's buffer has room for far more than this.
        guard sent == request.utf8.count else { return .closed }
        return readAnswer(from: connection)
    }

    private enum Connection {
        case success(Int32)
        case failure(Outcome)
    }

    private func connect(to instance: Instance) -> Connection {
        let target = open(instance.socket, TSL_O_PATH | O_NOFOLLOW | O_CLOEXEC)
        guard target >= 0 else { return .failure(.noSocket) }
        defer { close(target) }
        var status = stat()
        guard fstat(target, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return .failure(.notASocket) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let connection = socket(AF_UNIX, type, 0)
        guard connection >= 0 else { return .failure(.cannotConnect(errno)) }
        // The socket's own path may be longer than the 108 bytes of sun_path, and may lead elsewhere by now.
        guard tsl_connect_unix(connection, "/proc/self/fd/\(target)") == 0 else {
            let code = errno
            close(connection)
            return .failure(.cannotConnect(code))
        }
        return .success(connection)
    }

    private func readAnswer(from connection: Int32) -> Outcome {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var head: [UInt8] = []
        var total = 0
        var status: Int?
        var until = deadline
        while total < Self.answerLimit {
            guard waitForInput(connection, until: until) else { break }
            let count = recv(connection, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return status.map { .status($0) } ?? .closed }
            total += count
            guard status == nil else { continue }
            head += buffer[..<count]
            guard head.count >= StatusLine.length else { continue }
            guard let code = StatusLine.code(of: head) else { return .notHTTP }
            status = code
            until = min(deadline, milliseconds() + Self.restLimit)
        }
        return status.map { .status($0) } ?? .silent
    }

    private func waitForInput(_ connection: Int32, until: Int64) -> Bool {
        while true {
            let remaining = until - milliseconds()
            guard remaining > 0 else { return false }
            var entry = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, Int32(clamping: remaining))
            if ready != 0, ready > 0 || errno != EINTR { return true }
        }
    }
}

/// The first line of an answer: `HTTP/1.1 200 …` (RFC 9112 §4).
enum StatusLine {
    /// How many bytes of it decide.
    static let length = 12

    /// The status code; nil when these are not the first bytes of an HTTP/1 answer.
    static func code(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= length, bytes.starts(with: "HTTP/1.".utf8), bytes[8] == UInt8(ascii: " ") else {
            return nil
        }
        let digits = bytes[9..<12].map { Int($0) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + $1 }
    }
}
