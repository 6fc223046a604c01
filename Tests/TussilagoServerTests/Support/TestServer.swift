import CShims
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import TussilagoServer

/// A listening Unix socket in a directory of its own, as systemd holds it: servers come and go, it stays.
final class ListeningSocket: Sendable {
    let path: String
    let descriptor: CInt
    private let directory: String

    init() throws {
        var template = Array("/tmp/tsl-server-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RawClient.Failure("mkdtemp") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Whoever may connect is decided by the server, here.
        chmod(directory, 0o755)
        path = directory + "/api.sock"
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let bound = tsl_bind_unix(descriptor, path)
        chmod(path, 0o666)
        guard bound == 0, listen(descriptor, 1_024) == 0 else { throw RawClient.Failure("listen") }
    }

    /// A descriptor for one server, as it inherits one.
    func inherited() -> CInt { dup(descriptor) }

    deinit {
        close(descriptor)
        unlink(path)
        rmdir(directory)
    }
}

/// A server on a socket of its own, with a domain in memory.
struct TestServer: Sendable {
    let domain: MemoryDomain
    let socket: ListeningSocket
    let gate: IdleGate
    let log: LogLines
    private let services: ServiceGroup

    /// Runs a server while `body` runs, and stops it gracefully.
    static func run<Value: Sendable>(
        limits: APILimits = APILimits(),
        authorization: Authorization = Authorization(adminGroup: getgid(), viewerGroup: nil),
        idle: Duration? = nil, endpoints: [Endpoint] = Endpoints.all,
        onEbb: @escaping @Sendable () -> Void = {}, _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let domain = MemoryDomain(), socket = try ListeningSocket(), gate = IdleGate(), log = LogLines()
        let (serving, served) = AsyncStream<Void>.makeStream()
        let server = APIServer(
            descriptor: socket.inherited(), endpoints: endpoints, domain: domain, authorization: authorization,
            limits: limits, idle: idle, gate: gate, logger: log.logger, onEbb: onEbb,
            onServing: { served.finish() })
        let configuration = ServiceGroupConfiguration(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: log.logger)
        let services = ServiceGroup(configuration: configuration)
        async let ended: Void = services.run()
        for await _ in serving {}
        do {
            let value = try await body(
                TestServer(domain: domain, socket: socket, gate: gate, log: log, services: services))
            await services.triggerGracefulShutdown()
            try await ended
            return value
        } catch {
            await services.triggerGracefulShutdown()
            throw error
        }
    }

    /// Tells the server to stop.
    func stop() async { await services.triggerGracefulShutdown() }

    /// Talks to the server on a connection of its own.
    func client<Value: Sendable>(_ talk: @escaping @Sendable (RawClient) throws -> Value) async throws -> Value {
        let path = socket.path
        return try await blocking { try talk(try RawClient(path)) }
    }

    /// Asks once.
    func ask(_ method: String, _ target: String, _ headers: [String] = [], body: String? = nil) async throws
        -> RawAnswer
    {
        try await client { try $0.ask(method, target, headers, body: body) }
    }

    /// Makes a tenant and an app to ask for.
    func fill(app: String = "shop") async throws {
        _ = try await ask("POST", "/v1/tenants", body: #"{"name":"acme"}"#)
        _ = try await ask("POST", "/v1/tenants/acme/apps", body: #"{"name":"\#(app)"}"#)
    }
}

/// Waits until something is so, for ten seconds at most.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<1_000 {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// What was logged, to look at.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.lines.withLock { $0.append("\(event.level) \(event.message) \(all)") }
        }
    }
}
