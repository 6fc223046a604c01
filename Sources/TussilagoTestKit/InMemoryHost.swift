public import FoundationEssentials
public import TussilagoCore

/// The simulated host behind all ports, for the faults that a real one won't make: any call can be made to fail, once or
/// from then on, before it had its effect or after.
public actor InMemoryHost: UnitStore, LookStore, ServiceManager, Routing, Firewall, NameResolver, ImageStore,
    LogReader
{
    /// The host itself.
    public var host: SimulatedHost
    /// Every call that changed something, in order, by name.
    public private(set) var calls: [String] = []
    /// How many apps and tenants were looked at.
    public private(set) var looked = 0
    private var remembered: [AppReference: Look] = [:]
    private var faults: [Fault] = []
    private var holding = false
    private var held = 0

    /// Has starts take until ``hold(_:)`` is called with false, as of an app that does not get ready.
    public func hold(_ on: Bool) { holding = on }

    /// Whether a start is being held.
    public var isHeld: Bool { held > 0 }

    /// A fault that is made to happen.
    public struct Fault: Sendable {
        /// At which call that changes something, counted from 1.
        public var at: Int
        /// With which error.
        public var code: PortError.Code
        /// Whether the call has its effect all the same, as when an answer is lost.
        public var afterEffect: Bool
        /// Whether every later call fails as well.
        public var lasts: Bool

        /// Describes a fault.
        public init(at: Int, code: PortError.Code, afterEffect: Bool = false, lasts: Bool = false) {
            self.at = at
            self.code = code
            self.afterEffect = afterEffect
            self.lasts = lasts
        }
    }

    /// A host to begin with.
    public init(_ host: SimulatedHost = SimulatedHost()) { self.host = host }

    /// Changes the host behind the platform's back.
    public func change(_ body: @Sendable (inout SimulatedHost) -> Void) { body(&host) }

    /// Makes faults happen from here on; the count of calls begins anew.
    public func inject(_ faults: [Fault]) {
        self.faults = faults
        calls = []
    }

    private func perform(_ name: String, _ effect: (inout SimulatedHost) throws(PortError) -> Void) throws(PortError) {
        calls.append(name)
        let fault = faults.first { $0.lasts ? calls.count >= $0.at : calls.count == $0.at }
        if let fault, !fault.afterEffect { throw PortError(fault.code, name, cause: "injected") }
        try effect(&host)
        if let fault { throw PortError(fault.code, name, cause: "injected, after the effect") }
    }

    // MARK: UnitStore

    public func observe(_ scope: Scope) throws(PortError) -> InstalledState { host.installed(scope) }

    public func check(_ files: [UnitFile], users: UserRange) throws(PortError) {}

    public func perform(_ change: FileChange) throws(PortError) {
        try perform("files: \(change)") { (host) throws(PortError) in try host.perform(change) }
    }

    public func size(of tree: Digest) throws(PortError) -> Bytes { .mebibytes(1) }

    public func importTree(from directory: String, ownedBy owner: UInt32?) throws(PortError) -> Digest {
        do { return try Digest(String(repeating: "b", count: 64)) } catch {
            throw PortError(.unexpected, "tree", cause: error.description)
        }
    }

    public func stored() throws(PortError) -> StoredThings {
        var stored = StoredThings()
        for path in host.units.keys {
            if let app = path.app {
                stored.scopes.insert(.app(app))
            } else if case .system(let unit) = path, let tenant = TenantName(unit: unit) {
                stored.scopes.insert(.tenant(tenant))
            }
        }
        return stored
    }

    public func named() throws(PortError) -> Set<Scope> {
        let all: StoredThings = try stored()
        return all.scopes
    }

    public func files(of scopes: [Scope]) throws(PortError) -> [ScopeFiles] {
        looked += scopes.count
        return scopes.map(host.files(of:))
    }

    public func stamps(of apps: [AppReference]) throws(PortError) -> [AppReference: Stamp] {
        var stamps: [AppReference: Stamp] = [:]
        for app in apps {
            var stamp = Stamp()
            let files = host.files(of: .app(app))
            stamp.add("\(files.installed.hashValue) \(files.units.hashValue) \(files.releases.map(\.text).sorted())")
            stamps[app] = stamp
        }
        return stamps
    }

    public func looks() -> [AppReference: Look] { remembered }

    public func remember(_ looks: [AppReference: Look]) { remembered = looks }

    public func removeRemains(of app: AppReference) throws(PortError) {}

    public func removeTrees(_ trees: [Digest]) throws(PortError) {}

    // MARK: ServiceManager

    public func status(of units: [UnitName]) throws(PortError) -> [UnitName: UnitStatus] {
        Dictionary(units.map { ($0, host.status($0)) }, uniquingKeysWith: { first, _ in first })
    }

    public func reload() throws(PortError) {
        try perform("reload") { (host) throws(PortError) in try host.perform(.reload(expecting: [])) }
    }

    public func start(_ units: [UnitName], deadline: Duration) async throws(PortError) {
        held += 1
        defer { held -= 1 }
        while holding, units.contains(where: { Instance(unit: $0).map { !host.active.contains($0.unit) } ?? false }) {
            do { try await Task.sleep(for: .milliseconds(1)) } catch {
                throw PortError(.unavailable, "start", cause: "nobody waits for it any more")
            }
        }
        try perform("start") { (host) throws(PortError) in try host.perform(.start(units)) }
    }

    public func stop(_ units: [UnitName], deadline: Duration) throws(PortError) {
        try perform("stop") { (host) throws(PortError) in try host.perform(.stop(units)) }
    }

    public func refresh(_ unit: UnitName, deadline: Duration) throws(PortError) {}

    public func texts(of name: String) throws(PortError) -> [String] { host.texts[name] ?? [] }

    // MARK: Firewall

    public func differences() -> [String] { host.loadedGrants == host.grants ? [] : ["its table is not loaded"] }

    public func load() throws(PortError) {
        try perform("filter") { (host) throws(PortError) in try host.perform(.filter) }
    }

    // MARK: Routing

    public func published() throws(PortError) -> RouteTable { host.routes }

    public func publish(_ table: RouteTable) throws(PortError) {
        try perform("publish") { (host) throws(PortError) in
            host.routes = table
            host.routeWrites += 1
        }
    }

    public func probe(_ hostnames: [String], path: String) throws(PortError) {
        try perform("probe") { (host) throws(PortError) in try host.perform(.probe(hostnames, path: path)) }
    }

    public func foreignHostnames() throws(PortError) -> [String] { host.foreignHostnames }

    // MARK: ImageStore and LogReader

    public func stored() throws(PortError) -> [Digest: Set<String>] {
        var stored: [Digest: Set<String>] = [:]
        for (name, digest) in host.images { stored[digest, default: []].insert(name.text) }
        return stored
    }

    public func name(_ image: Digest, _ name: ImageReference) throws(PortError) { host.images[name] = image }

    public func release(except needed: Set<Digest>) throws(PortError) -> Int { 0 }

    public func bridges() throws(PortError) -> Set<AppReference> { host.bridges }

    public func removeBridge(of app: AppReference) throws(PortError) { host.bridges.remove(app) }

    public func resolve(_ reference: ImageReference) throws(PortError) -> ImageIdentity {
        guard let digest = host.images[reference] else {
            throw PortError(.notFound, reference.text, cause: "no such image is in the host's storage")
        }
        return ImageIdentity(reference: reference, digest: digest)
    }

    public func tail(_ unit: UnitName, lines: Int) throws(PortError) -> [String] { ["last words of \(unit)"] }

    public func obstacle(of unit: UnitName, since begin: Date) -> StartObstacle? { host.obstacles[unit] }
}
