import CShims
import FoundationEssentials
import Glibc
import TussilagoAPI

/// Runs what blocks on a thread of its own: the few threads of Swift's pool are the server's.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let work = Work { continuation.resume(with: Result(catching: body)) }
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        if error == 0 {
            pthread_detach(thread)
        } else {
            continuation.resume(throwing: RawClient.Failure("pthread_create"))
        }
    }
}

private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// An HTTP client that says exactly what it is told to say.
final class RawClient: Sendable {
    private let descriptor: CInt

    /// Connects; no read or write waits longer than `timeout` seconds.
    init(_ path: String, timeout: Int = 20) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        var time = timeval(tv_sec: timeout, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        guard tsl_connect_unix(descriptor, path) == 0 else { throw Failure("connect") }
    }

    deinit { close(descriptor) }

    /// What went wrong, with the errno.
    struct Failure: Error {
        let call: String
        let code: CInt
        init(_ call: String) {
            self.call = call
            code = errno
        }
    }

    /// Sends bytes; false when the other end has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) throws -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EPIPE || errno == ECONNRESET { return false }
            guard count > 0 else { throw Failure("send") }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) throws -> Bool { try send(Array(text.utf8)) }

    /// Sends a request line and header fields, and the empty line after them; then whatever follows.
    @discardableResult
    func sendHead(_ lines: String..., then rest: String = "") throws -> Bool {
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + rest)
    }

    /// Says that nothing more will be sent.
    func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Reads some bytes; nil at the end, however that came about.
    func read() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count == 0 || (count < 0 && errno == ECONNRESET) { return nil }
        guard count > 0 else { throw Failure("recv") }
        return Array(buffer.prefix(count))
    }

    /// Reads until the text was seen, or the end.
    func read(until text: String) throws -> String {
        var all: [UInt8] = []
        while !String(decoding: all, as: UTF8.self).contains(text), let more = try read() { all += more }
        return String(decoding: all, as: UTF8.self)
    }

    /// Reads until the other end closes.
    func readToEnd() throws -> String {
        var all: [UInt8] = []
        while let more = try read() { all += more }
        return String(decoding: all, as: UTF8.self)
    }

    /// Reads one answer whose length is given.
    func answer() throws -> RawAnswer {
        var all: [UInt8] = []
        while true {
            if let answer = RawAnswer(all) { return answer }
            guard let more = try read() else { throw Failure("no answer, but \(String(decoding: all, as: UTF8.self))") }
            all += more
        }
    }

    /// Asks, and reads the answer.
    func ask(_ method: String, _ target: String, _ headers: [String] = [], body: String? = nil) throws -> RawAnswer {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + headers
        if let body { lines += ["Content-Length: \(body.utf8.count)"] }
        if body != nil, !headers.contains(where: { $0.hasPrefix("Content-Type") }) {
            lines += ["Content-Type: application/json"]
        }
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
        return try answer()
    }
}

/// An answer as it came.
struct RawAnswer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    /// Takes a whole answer apart; nil when some of it is missing.
    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        status = lines.first.flatMap { Int($0.dropFirst(9).prefix(3)) } ?? 0
        headers = Dictionary(
            lines.dropFirst().map { line in
                let halves = line.split(separator: ":", maxSplits: 1)
                return (halves[0].lowercased(), halves[1].drop { $0 == " " }.description)
            }, uniquingKeysWith: { $0 + ", " + $1 })
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard text[end.upperBound...].utf8.count >= length else { return nil }
        body = String(text[end.upperBound...])
    }

    /// The body, decoded.
    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try APICoding.decode(type, from: Data(body.utf8))
    }

    /// The problem in the body.
    var problem: Problem { get throws { try decoded() } }
}
