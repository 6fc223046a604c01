public import TussilagoCore

/// A server of databases in memory, which can be away for some calls.
public actor InMemoryDatabases: DatabaseServer {
    /// The databases, each with its extensions.
    public private(set) var databases: [Database: [DatabaseExtension]] = [:]
    /// Who may log in where, by which password.
    public private(set) var roles: [Database: [DatabaseRole: Secret]] = [:]
    private var failures: [PortError] = []

    /// A server without databases.
    public init() {}

    /// Has the next calls fail, one after the other.
    public func fail(_ errors: [PortError]) { failures = errors }

    public func ensure(_ database: Database, extensions: [DatabaseExtension]) throws(PortError) {
        try answer()
        databases[database, default: []] += extensions.filter { databases[database]?.contains($0) != true }
    }

    public func admit(_ role: DatabaseRole, password: Secret, to database: Database) throws(PortError) {
        try answer()
        guard databases[database] != nil else { throw PortError(.unexpected, "databases", cause: "there is none") }
        roles[database, default: [:]][role] = password
    }

    public func dismiss(from database: Database, except kept: Set<DatabaseRole>) throws(PortError) {
        try answer()
        roles[database] = roles[database]?.filter { kept.contains($0.key) }
    }

    public func look(at database: Database) throws(PortError) -> DatabaseLook? {
        try answer()
        guard databases[database] != nil else { return nil }
        return DatabaseLook(size: .mebibytes(8), connections: 0, roles: Set((roles[database] ?? [:]).keys))
    }

    public func drop(_ database: Database) throws(PortError) {
        try answer()
        databases[database] = nil
        roles[database] = nil
    }

    private func answer() throws(PortError) {
        guard let error = failures.first else { return }
        failures.removeFirst()
        throw error
    }
}
