/// The server of apps' databases, as its superuser. Each call does what is not done yet: an agent or a server that died in the
/// middle leaves nothing that the same call again does not mend.
///
/// `unavailable` is thrown while the server is away.
public protocol DatabaseServer: Sendable {
    /// Makes a database, or brings it to what it shall be.
    func ensure(_ database: Database, extensions: [DatabaseExtension]) async throws(PortError)
    /// Lets a role in with a password, and sees that it gets in.
    func admit(_ role: DatabaseRole, password: Secret, to database: Database) async throws(PortError)
    /// Removes the roles of a database but for some, whatever they are doing. What belonged to them is its owner's.
    func dismiss(from database: Database, except kept: Set<DatabaseRole>) async throws(PortError)
    /// How a database is; nil when there is none.
    func look(at database: Database) async throws(PortError) -> DatabaseLook?
    /// Removes a database with all that has to do with it; nothing if it is not there.
    func drop(_ database: Database) async throws(PortError)
}

/// How a database was found.
public struct DatabaseLook: Hashable, Sendable {
    /// How much of the disk it takes.
    public let size: Bytes
    /// How many connections to it there are.
    public let connections: Int
    /// Who may log in.
    public let roles: Set<DatabaseRole>

    /// Describes one.
    public init(size: Bytes, connections: Int, roles: Set<DatabaseRole>) {
        self.size = size
        self.connections = connections
        self.roles = roles
    }
}
