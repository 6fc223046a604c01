import FoundationEssentials
import Glibc
import Logging
import SQLiteLedger
import Synchronization
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit
import UnitFiles

/// A whole platform on a simulated host, with a real ledger in a directory of its own.
struct Platform {
    let host: InMemoryHost
    let ledger: SQLiteLedger
    let queue: OperationQueue
    let outside: Outside
    let secrets: InMemorySecrets
    let builds: InMemoryBuilds
    let databases: InMemoryDatabases
    let shop: AppReference
    let directory: String
    /// The ledger's file.
    var path: String { "\(directory)/ledger.sqlite" }

    /// - Parameter hostnames: how hostnames are handed out; most tests ask for no proof.
    init(backoff: Backoff = Platform.impatient, hostnames: HostnamePolicy = Platform.noProof) async throws {
        var template = Array("/tmp/tussilago-operations.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PortError(.noSpace, "test", cause: "no directory") }
        let directory = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "/tmp" }
        TestDirectories.removeAtExit(directory)
        try self.init(
            InMemoryHost(), InMemorySecrets(), InMemoryBuilds(), InMemoryDatabases(), directory, backoff: backoff,
            hostnames: hostnames)
        let image = try Make.image()
        await host.change { $0.images[image.reference] = image.digest }
    }

    private init(
        _ host: InMemoryHost, _ secrets: InMemorySecrets, _ builds: InMemoryBuilds, _ databases: InMemoryDatabases,
        _ directory: String, backoff: Backoff = Platform.impatient, hostnames: HostnamePolicy = Platform.noProof,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        self.host = host
        self.directory = directory
        ledger = SQLiteLedger(path: "\(directory)/ledger.sqlite", seal: "\(directory)/seal")
        self.secrets = secrets
        self.builds = builds
        self.databases = databases
        var outside = Self.outside(host, ledger, secrets, builds, directory, hostnames, now)
        outside.databases = databases
        self.outside = outside
        queue = Self.queue(outside, backoff)
        shop = try AppReference("acme/shop")
    }

    /// Another agent on the same host and ledger, as after a crash.
    func anotherQueue(deadline: Duration = .seconds(60)) -> OperationQueue {
        Self.queue(outside, Self.impatient, deadline)
    }

    /// Another agent on the same host, which opens the ledger's file anew.
    func next(at time: Date? = nil) async throws -> Platform {
        try Platform(host, secrets, builds, databases, directory, now: { time ?? Date() })
    }

    /// What an agent does first.
    func ensure() async throws(PortError) -> LedgerKeeper.Recovery? { try await LedgerKeeper(outside).ensure() }

    static let noProof: HostnamePolicy = {
        var policy = HostnamePolicy()
        policy.proof = .none
        return policy
    }()

    static let impatient: Backoff = {
        var backoff = Backoff()
        backoff.first = .milliseconds(1)
        backoff.longest = .milliseconds(2)
        return backoff
    }()

    private static func outside(
        _ host: InMemoryHost, _ ledger: SQLiteLedger, _ secrets: InMemorySecrets, _ builds: InMemoryBuilds,
        _ directory: String, _ hostnames: HostnamePolicy,
        _ now: @escaping @Sendable () -> Date
    ) -> Outside {
        Outside(
            ledger: ledger, units: host, services: host, routing: host, firewall: host, images: host, names: host,
            archives: FileArchives(root: directory), secrets: secrets, logs: host, hostnames: hostnames, looks: host,
            builds: builds, now: now,
            sleep: { try await Task.sleep(for: min($0, .milliseconds(2))) })
    }

    private static func queue(
        _ outside: Outside, _ backoff: Backoff, _ deadline: Duration = .seconds(60)
    ) -> OperationQueue {
        var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        return OperationQueue(outside, limit: 4, backoff: backoff, deadline: deadline, logger: logger)
    }

    /// Asks for something and waits until it has ended.
    func run(_ request: TussilagoCore.Operation.Request, key: String? = nil) async throws -> TussilagoCore.Operation {
        let accepted = try await queue.accept(request, caller: "root", requestID: UUID(), key: key)
        return try await ended(accepted.id)
    }

    /// Waits until an operation has ended.
    func ended(_ id: UUID) async throws -> TussilagoCore.Operation {
        for _ in 0..<5_000 {
            if let operation = try await ledger.operation(id), operation.state.isFinal { return operation }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw PortError(.timedOut, "operation", cause: "it did not end")
    }

    /// A tenant with an app that runs release 1.
    func withShop() async throws {
        _ = try await run(.createTenant(shop.tenant))
        _ = try await run(.createApp(shop))
        _ = try await run(deploy())
    }

    func deploy(
        _ text: String = "one", hostnames: [String] = ["shop.example.org"], egress: Egress? = nil,
        sandbox: SandboxLimits? = nil, vouches: Bool? = nil
    ) throws -> TussilagoCore.Operation.Request {
        let manifest = Manifest(
            processes: [try Make.process()], hostnames: try hostnames.map { try Hostname($0) },
            environment: [try EnvironmentVariable(name: "TEXT", value: text)], drainSeconds: 0,
            egress: egress, sandbox: sandbox)
        return .deploy(
            shop, Deployment(image: try Make.image().reference, manifest: manifest, vouches: vouches))
    }
}

/// The directories of all platforms of this run. A ledger keeps some megabytes of room in each.
private enum TestDirectories {
    private static let paths = Mutex<[String]>([])
    /// Made once. What a test has started may use its directory to the end of the run.
    private static let handler: Void = {
        atexit {
            for path in TestDirectories.paths.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
        }
    }()

    static func removeAtExit(_ path: String) {
        _ = handler
        paths.withLock { $0.append(path) }
    }
}
