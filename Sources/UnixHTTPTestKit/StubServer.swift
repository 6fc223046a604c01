internal import CShims
internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// An HTTP server on a Unix socket that answers what a test wants, byte for byte, one connection a thread.
public final class StubServer: Sendable {
    /// A directory of its own, which goes with it.
    public let directory: String
    /// Where it listens.
    public var socket: String { "\(directory)/stub.sock" }

    private let listener: Int32
    private let log = Log()

    /// The connections' threads share it, and do not keep the server alive.
    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// What has arrived.
    public struct Request: Sendable, Equatable {
        /// The request line.
        public var line: String
        /// The headers as they came, a line each.
        public var headers: [String]
        /// The body.
        public var body: String

        /// The method.
        public var method: String { line.split(separator: " ").first.map(String.init) ?? "" }

        /// A header's value; nil when it is not there.
        public func header(_ name: String) -> String? {
            headers.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
    }

    /// The requests so far, in order.
    public var received: [Request] { log.requests.withLock { $0 } }

    /// Starts to listen.
    ///
    /// `answer` gets a request and a function that sends bytes; the connection closes after it.
    public init(_ answer: @escaping @Sendable (Request, (String) -> Bool) -> Void) throws {
        directory = try temporaryDirectory()
        listener = try listen(on: "\(directory)/stub.sock")
        detach { [listener, log] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                detach {
                    if let request = Self.read(connection) {
                        log.requests.withLock { $0.append(request) }
                        answer(request) { text in
                            let bytes = Array(text.utf8)
                            return send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
                        }
                    }
                    close(connection)
                }
            }
        }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Stops to listen, and leaves the socket's file where it is.
    ///
    /// The descriptor stays open: its number must not become another server's while the thread may still use it.
    public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func read(_ connection: Int32) -> Request? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = text.firstRange(of: "\r\n\r\n") {
                let lines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
                let body = String(text[end.upperBound...])
                let request = Request(line: lines[0], headers: Array(lines.dropFirst()), body: body)
                if body.utf8.count >= Int(request.header("Content-Length") ?? "0") ?? 0 { return request }
            }
            let count = Glibc.read(connection, &buffer, buffer.count)
            guard count > 0 else { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}

/// A plain answer.
public func answer(_ status: String, _ body: String, headers: [String] = []) -> String {
    (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers + ["", body]).joined(separator: "\r\n")
}

/// An answer in one chunk with a trailer.
public func answer(_ status: String, chunked body: String, trailer: String) -> String {
    "HTTP/1.1 \(status)\r\nTransfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n"
        + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\(trailer)\r\n\r\n"
}

/// A system call that failed.
public struct SystemCallFailed: Error {
    /// The call.
    public let call: String
    /// Its `errno`.
    public let code = errno

    /// Takes `errno` as the call has left it.
    public init(call: String) { self.call = call }
}

/// A new directory, for whoever removes it.
public func temporaryDirectory() throws -> String {
    var template = Array("/tmp/tussilago-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallFailed(call: "mkdtemp") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A socket that listens on a path.
public func listen(on path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard tsl_bind_unix(descriptor, path) == 0, Glibc.listen(descriptor, 128) == 0 else {
        throw SystemCallFailed(call: "bind")
    }
    return descriptor
}

/// Runs a function on a thread of its own.
private func detach(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    let code = pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
            return nil
        }, context)
    if code == 0 { pthread_detach(thread) }
}

/// Holds threads up until it is opened, or is gone.
public final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    /// Makes a closed one.
    public init() {}

    /// Returns when it is open.
    public func pass() {
        semaphore.wait()
        semaphore.signal()
    }

    /// Lets everyone through from now on.
    public func open() { semaphore.signal() }
}
