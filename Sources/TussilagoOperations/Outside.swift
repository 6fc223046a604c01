public import FoundationEssentials
public import TussilagoCore

/// Every outside world, behind its port. The composition root fills it with the real ones, tests with a simulated host.
public struct Outside: Sendable {
    public var ledger: any Ledger
    public var units: any UnitStore
    public var services: any ServiceManager
    public var routing: any Routing
    public var firewall: any Firewall
    public var images: any ImageStore
    public var names: any NameResolver
    public var archives: any ArchiveStore
    public var secrets: any SecretStore
    public var logs: any LogReader
    /// How hostnames are handed to tenants.
    public var hostnames: HostnamePolicy
    /// What a reconcile need not look at again; nil where each looks at everything.
    public var looks: (any LookStore)?
    /// Where sources are built; nil where they are not.
    public var builds: (any BuildStore)?
    /// The most that a build may use.
    public var buildLimits = BuildLimits()
    /// The server of apps' databases; nil where there is none.
    public var databases: (any DatabaseServer)?
    /// What the time is.
    public var now: @Sendable () -> Date
    /// A fresh UUIDv4.
    public var makeID: @Sendable () -> UUID
    /// Random bytes that nobody can guess, as many as are asked for.
    public var random: @Sendable (Int) -> [UInt8] = Outside.randomBytes
    /// Waits; ends early, by throwing, when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void

    /// Gathers the ports.
    public init(
        ledger: any Ledger, units: any UnitStore, services: any ServiceManager, routing: any Routing,
        firewall: any Firewall, images: any ImageStore, names: any NameResolver, archives: any ArchiveStore,
        secrets: any SecretStore, logs: any LogReader, hostnames: HostnamePolicy = HostnamePolicy(),
        looks: (any LookStore)? = nil, builds: (any BuildStore)? = nil,
        now: @escaping @Sendable () -> Date = { Date() },
        makeID: @escaping @Sendable () -> UUID = { UUID() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.ledger = ledger
        self.units = units
        self.services = services
        self.routing = routing
        self.firewall = firewall
        self.images = images
        self.names = names
        self.archives = archives
        self.secrets = secrets
        self.logs = logs
        self.hostnames = hostnames
        self.looks = looks
        self.builds = builds
        self.now = now
        self.makeID = makeID
        self.sleep = sleep
    }

    private static let randomBytes: @Sendable (Int) -> [UInt8] = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
