public import TussilagoCore

/// systemd's manager, over the system bus (org.freedesktop.systemd1(5)).
///
/// The connection is opened by the first call, and again after it was lost. The actor runs on the bus's own thread.
public actor Systemd: ServiceManager {
    /// What was done so far, for the status of the host and for measurements.
    public struct Counts: Hashable, Sendable {
        /// Calls over the bus, of all kinds.
        public var calls = 0
        /// Reloads, which are the dearest of them.
        public var reloads = 0
    }

    /// A unit as systemd lists it.
    struct Listed: Sendable {
        let name: String
        /// The unit's object.
        let path: String
        let status: UnitStatus
        /// Whether a job for it waits or runs.
        let hasJob: Bool
    }

    /// How long systemd may take for an answer that costs it little.
    static let timeout = Duration.seconds(25)
    /// How long a reload may take: the generators run, and each may take its time.
    static let reloadTimeout = Duration.seconds(90)

    let bus: Bus
    /// See ``Counts``.
    public private(set) var counts = Counts()

    var reloads = ReloadQueue<CheckedContinuation<Result<Void, PortError>, Never>>()
    var isSubscribed = false
    var results = RecentResults(capacity: 512)
    var jobWaiters: [Int: JobWaiter] = [:]
    var isWatching = false
    var watchers: [Int: AsyncStream<UnitName>.Continuation] = [:]
    private var lastID = 0

    public nonisolated var unownedExecutor: UnownedSerialExecutor { bus.unownedExecutor }

    /// Makes a client; nothing is opened yet but its thread.
    /// - Parameter address: where the bus is, as in the D-Bus specification; nil is the system bus.
    /// - Throws: ``PortError/Code-swift.enum/unexpected`` when the host gives no more threads or descriptors.
    public init(address: String? = nil) throws(PortError) {
        do { bus = try Bus(address: address) } catch { throw PortError(error, subject: "systemd") }
    }

    init(bus: Bus) {
        self.bus = bus
    }

    public func status(of units: [UnitName]) async throws(PortError) -> [UnitName: UnitStatus] {
        var status = Dictionary(units.map { ($0, UnitStatus.notFound) }, uniquingKeysWith: { first, _ in first })
        guard !units.isEmpty else { return status }
        for unit in try await list(units, timeout: Self.timeout) {
            if let name = UnitName(unit.name), status[name] != nil { status[name] = unit.status }
        }
        return status
    }

    /// The manager's version, as in "257.9-1".
    public func version() async throws(PortError) -> String {
        do throws(BusFailure) {
            let names = [Self.interface, "Version"].map(BusMessage.Argument.string)
            return try await call(Self.propertyOf(Self.path), names, timeout: Self.timeout) {
                message throws(BusFailure) in try message.readStringProperty()
            }
        } catch { throw PortError(error, subject: "systemd") }
    }

    /// What systemd says of units, which it loads for that if it must.
    func list(_ units: [UnitName], timeout: Duration) async throws(PortError) -> [Listed] {
        let names = units.map(\.description)
        do throws(BusFailure) {
            return try await call(Self.method("ListUnitsByNames"), [.strings(names)], timeout: timeout) {
                message throws(BusFailure) in try message.readStructures("ssssssouso", Listed.init(reading:))
            }
        } catch { throw PortError(error, subject: units.count == 1 ? names[0] : "systemd") }
    }

    func call<Value: Sendable>(
        _ method: Bus.Method, _ arguments: [BusMessage.Argument] = [], timeout: Duration,
        decode: @escaping @Sendable (borrowing BusMessage) throws(BusFailure) -> Value
    ) async throws(BusFailure) -> Value {
        counts.calls += 1
        if method.member == "Reload" { counts.reloads += 1 }
        return try await bus.call(method, arguments, timeout: timeout, decode: decode)
    }

    func makeID() -> Int {
        lastID += 1
        return lastID
    }

    static let destination = "org.freedesktop.systemd1"
    static let path = "/org/freedesktop/systemd1"
    static let interface = "org.freedesktop.systemd1.Manager"

    static func method(_ member: String) -> Bus.Method {
        Bus.Method(destination: destination, path: path, interface: interface, member: member)
    }

    /// Reads a property of an object: it takes the names of an interface and of the property.
    static func propertyOf(_ path: String) -> Bus.Method {
        Bus.Method(
            destination: destination, path: path, interface: "org.freedesktop.DBus.Properties", member: "Get")
    }
}

extension Systemd.Listed {
    /// Reads one structure of ListUnits' array: name, description, load, active and sub state, the unit that it
    /// follows, its path, the number of its job or 0, and that job's type and path.
    fileprivate init(reading message: borrowing BusMessage) throws(BusFailure) {
        name = try message.readString()
        _ = try message.readString()
        status = UnitStatus(
            load: try message.readString(), active: try message.readString(), sub: try message.readString())
        _ = try message.readString()
        path = try message.readObjectPath()
        hasJob = try message.readUInt32() != 0
        _ = try message.readString()
        _ = try message.readObjectPath()
    }
}
