internal import CShims
internal import FoundationEssentials
internal import Glibc
internal import TussilagoCore

/// One call of a varlink service on a Unix socket (https://varlink.org): a JSON object and a zero byte, both ways.
///
/// It blocks, until its deadline at most.
struct VarlinkCall {
    let socket: String
    /// What errors call the service.
    let service: String
    let timeout: Duration

    /// The largest answer that is read.
    private static let limit = 1 << 20

    /// What a service answers.
    enum Answer {
        case parameters(JSONValue)
        /// The error's name: `io.systemd.Resolve.DNSError`.
        case error(String, JSONValue)
    }

    func perform(_ method: String, _ parameters: JSONValue) throws(PortError) -> Answer {
        let deadline = ContinuousClock.now + timeout
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("no socket can be made") }
        defer { close(descriptor) }
        guard tsl_connect_unix(descriptor, socket) == 0 else {
            throw failure("it does not run", String(cString: strerror(errno)))
        }
        try send(["method": .string(method), "parameters": parameters], to: descriptor)
        let bytes = try receive(from: descriptor, by: deadline)
        guard let answer = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw PortError(.unexpected, service, cause: "its answer is no JSON")
        }
        let content = answer["parameters"] ?? [:]
        if case .string(let error)? = answer["error"] { return .error(error, content) }
        return .parameters(content)
    }

    private func send(_ call: JSONValue, to descriptor: Int32) throws(PortError) {
        guard let data = try? JSONEncoder().encode(call) else { throw failure("the call cannot be written") }
        // A new connection's buffer has room for far more than this.
        let bytes = [UInt8](data) + [0]
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw failure("the connection broke")
        }
    }

    private func receive(from descriptor: Int32, by deadline: ContinuousClock.Instant) throws(PortError) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while answer.count < Self.limit {
            let rest = deadline - .now
            let milliseconds = rest.components.seconds * 1000 + rest.components.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { break }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(clamping: milliseconds)) > 0 else { continue }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw failure("the connection broke") }
            if let end = buffer[..<count].firstIndex(of: 0) { return answer + buffer[..<end] }
            answer += buffer[..<count]
        }
        throw PortError(.timedOut, service, cause: "it did not answer in time")
    }

    private func failure(_ cause: String, _ detail: String = "") -> PortError {
        PortError(.unavailable, service, cause: cause, detail: detail)
    }
}
