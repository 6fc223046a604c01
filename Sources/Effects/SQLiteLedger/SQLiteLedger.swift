internal import Queues
public import TussilagoCore

/// The ledger in one SQLite file. Each call that writes is one transaction, on the disk when the call returns.
///
/// The file is opened by the first call that needs it: a program that needs no ledger pays nothing for it. SQLite
/// blocks, so the actor has a queue of its own.
public actor SQLiteLedger: Ledger {
    /// How many operations are kept at least; older ones are forgotten once they have ended.
    public static let defaultKeptOperations = 10_000

    let place: LedgerPlace
    let keptOperations: Int
    private var connection: Connection?
    private nonisolated let reserve: Reserve?
    /// Which file the connection has open.
    private var identity: UInt64?
    /// What was found to be damaged. Nothing is read or written then: the next agent writes the ledger anew.
    private var damage: PortError?
    private let onDamage: @Sendable (PortError) -> Void
    let onAudit: @Sendable (AuditRecord) -> Void
    /// Changes with who may do what.
    public nonisolated let accessVersion = AccessVersion()
    private nonisolated let queue = SerialQueue(label: "tussilago.ledger")

    public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// Names the file; its directory must be there, the file is made with mode 0600 when it is not.
    ///
    /// - Parameters:
    ///   - seal: A file in memory by which the next agent knows that nobody has written to the ledger meanwhile.
    ///   - onDamage: Called when the file is found to be damaged; from then on every call fails.
    ///   - onAudit: Called with each record of the audit when it is on the disk.
    public init(
        path: String, seal: String? = nil, keptOperations: Int = SQLiteLedger.defaultKeptOperations,
        onDamage: @escaping @Sendable (PortError) -> Void = { _ in },
        onAudit: @escaping @Sendable (AuditRecord) -> Void = { _ in }
    ) {
        place = LedgerPlace(path: path, seal: seal)
        reserve = Reserve(path: "\(path).reserve")
        self.keptOperations = max(keptOperations, 1)
        self.onDamage = onDamage
        self.onAudit = onAudit
    }

    /// Names the file of a copy: no room is kept for that.
    init(copy path: String) {
        place = LedgerPlace(path: path, seal: nil)
        reserve = nil
        keptOperations = Self.defaultKeptOperations
        onDamage = { _ in }
        onAudit = { _ in }
    }

    /// Closes the file; the next call opens it again.
    public func close() {
        guard connection != nil else { return }
        let isSound = damage == nil && connection?.damage == nil
        connection = nil
        if isSound { place.close() }
    }

    var counters: CounterFile { CounterFile(path: "\(place.path).counters") }

    /// Whether damage was found, and every call fails because of it.
    public var isDamaged: Bool { damage != nil || connection?.damage != nil }

    /// Closes a file that is to be replaced.
    func forget() {
        connection = nil
        damage = nil
        accessVersion.raise()
    }

    /// Remembers an error that tells of damage, and passes it on.
    func noted(_ error: PortError) -> PortError {
        guard error.code == .damaged, damage == nil else { return error }
        damage = error
        place.note(error.detail)
        onDamage(error)
        return error
    }

    /// How much there is of what.
    public func counts() throws(PortError) -> LedgerCounts {
        let counts = try open().row(
            """
            SELECT (SELECT count(*) FROM tenant), (SELECT count(*) FROM app),
                (SELECT count(*) FROM operation WHERE state IN ('accepted', 'running'))
            """
        ) { (row) throws(PortError) in
            LedgerCounts(
                tenants: try row.integer(0), apps: try row.integer(1), openOperations: try row.integer(2))
        }
        return counts ?? LedgerCounts(tenants: 0, apps: 0, openOperations: 0)
    }

    /// The connection, opened and brought up to date when there is none.
    func open() throws(PortError) -> Connection {
        if let damage { throw damage }
        if let connection {
            if let found = connection.damage { throw noted(found) }
            // Who writes to a file that has lost its name writes for nobody.
            guard place.identity == identity else { throw noted(.damaged("the file was removed or replaced")) }
            return connection
        }
        place.unseal()
        do throws(PortError) {
            // Even to be read it needs room for its index, in memory that is shared through a file.
            let opened = try makingRoom(true) { () throws(PortError) in
                let opened = try Connection(path: place.path) { [place, onDamage] error in
                    place.note(error.detail)
                    onDamage(error)
                }
                try Schema.prepare(opened)
                return opened
            }
            reserve?.keep()
            connection = opened
            identity = place.identity
            return opened
        } catch { throw noted(error) }
    }

    /// Runs `body` in a transaction.
    /// - Parameter makingRoom: whether the reserve may be used up when the disk is full.
    /// - Parameter synced: whether it is on the disk when this returns; else with the next transaction that is.
    func write<Result>(
        makingRoom: Bool = false, synced: Bool = true, _ body: (Connection) throws(PortError) -> Result
    ) throws(PortError) -> Result {
        let connection = try open()
        return try self.makingRoom(makingRoom) { () throws(PortError) in
            try connection.transaction(synced: synced) { () throws(PortError) in try body(connection) }
        }
    }

    func makingRoom<Result>(
        _ allowed: Bool, _ body: () throws(PortError) -> Result
    ) throws(PortError) -> Result {
        do throws(PortError) { return try body() } catch  where error.code == .noSpace {
            guard allowed, reserve?.release() ?? false else { throw error }
            return try body()
        }
    }

    public func makeRoom() -> Bool { reserve?.release() ?? false }
}

/// How much the ledger holds.
public struct LedgerCounts: Hashable, Sendable {
    /// Tenants.
    public let tenants: Int
    /// Apps of all tenants.
    public let apps: Int
    /// Operations that have not ended.
    public let openOperations: Int

    /// Makes counts of their parts.
    public init(tenants: Int, apps: Int, openOperations: Int) {
        self.tenants = tenants
        self.apps = apps
        self.openOperations = openOperations
    }
}
