internal import CPostgres
internal import Queues
public import TussilagoCore

/// The shared server of apps' databases, over its Unix socket.
///
/// Names are made of ids and so need no quotes. A database is an app's only as far as the platform says: it belongs to the
/// platform, and the app's roles have no right in it but to connect, to use temporary tables, and to fill the schema `public`.
public actor PostgreSQL: DatabaseServer {
    static let subject = "databases"

    private let directory: String
    private let executor = SerialQueue(label: "tussilago.databases")

    /// - Parameter directory: where the server's socket is.
    public init(directory: String = HostPaths.databaseServer) { self.directory = directory }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public func ensure(_ database: Database, extensions: [DatabaseExtension]) throws(PortError) {
        let server = try connect(to: Self.home)
        try PlatformSchema.ensure(server)
        let owner = database.owner, name = database.name
        if try !server.has("SELECT 1 FROM pg_roles WHERE rolname = $1", [owner]) {
            try server.run("CREATE ROLE \(owner) NOLOGIN")
        }
        try server.run("ALTER ROLE \(owner) \(Self.powerless) NOLOGIN PASSWORD NULL")
        if try !server.has("SELECT 1 FROM pg_database WHERE datname = $1", [name]) {
            // Nobody but the platform gets in before it is what it shall be.
            try server.run("CREATE DATABASE \(name) TEMPLATE template0 CONNECTION LIMIT 0")
        }
        try server.run("ALTER DATABASE \(name) OWNER TO tussilago")
        try server.run("REVOKE ALL ON DATABASE \(name) FROM PUBLIC")
        try server.run("GRANT CONNECT, TEMPORARY ON DATABASE \(name) TO \(owner)")
        try server.run("ALTER DATABASE \(name) SET search_path = public, extensions")
        let inside = try connect(to: name)
        try inside.run("CREATE SCHEMA IF NOT EXISTS public")
        try inside.run("ALTER SCHEMA public OWNER TO tussilago")
        try inside.run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        try inside.run("GRANT USAGE, CREATE ON SCHEMA public TO \(owner)")
        // A schema that the app cannot write to: scripts of extensions run as superuser.
        try inside.run("CREATE SCHEMA IF NOT EXISTS extensions")
        try inside.run("GRANT USAGE ON SCHEMA extensions TO \(owner)")
        for each in extensions {
            try inside.run("CREATE EXTENSION IF NOT EXISTS \"\(each.rawValue)\" SCHEMA extensions CASCADE")
        }
        try server.run("ALTER DATABASE \(name) CONNECTION LIMIT \(Database.Bounds.connections)")
    }

    public func admit(_ role: DatabaseRole, password: Secret, to database: Database) throws(PortError) {
        let server = try connect(to: Self.home)
        let verifier = try server.verifier(of: password, for: role)
        let isThere = try server.has("SELECT 1 FROM pg_roles WHERE rolname = $1", [role.name])
        try server.transaction { () throws(PortError) in
            if !isThere { try server.run("CREATE ROLE \(role) NOLOGIN") }
            // A verifier is letters, digits and `$:+/=-`.
            try server.run(
                """
                ALTER ROLE \(role) \(Self.powerless) LOGIN CONNECTION LIMIT \(Database.Bounds.roleConnections)
                PASSWORD '\(verifier)' VALID UNTIL 'infinity'
                """)
            try server.run("GRANT \(database.owner) TO \(role) WITH INHERIT TRUE, SET TRUE, ADMIN FALSE")
            try server.run("GRANT tussilago_tenants TO \(role) WITH INHERIT FALSE, SET FALSE, ADMIN FALSE")
            // What it makes is the owner's, and stays when the role goes.
            try server.run("ALTER ROLE \(role) IN DATABASE \(database.name) SET role = '\(database.owner)'")
            try server.run("ALTER ROLE \(role) SET temp_file_limit = '\(Database.Bounds.temporaryMebibytes)MB'")
        }
        let session = try ServerConnection(
            try library(), directory: directory, database: database.name, as: .role(role, password: password))
        guard try session.has("SELECT 1 WHERE current_user = $1", [database.owner]) else {
            throw PortError(.unexpected, Self.subject, cause: "a new role is not what it shall be")
        }
    }

    public func dismiss(from database: Database, except kept: Set<DatabaseRole>) throws(PortError) {
        let server = try connect(to: Self.home)
        let roles = try roles(of: database, server).filter { !kept.contains($0) }
        guard !roles.isEmpty else { return }
        for role in roles { try end(role, server) }
        let inside = try connect(to: database.name)
        for role in roles {
            try inside.transaction { () throws(PortError) in
                // What it made while it was not its owner, and what it was given.
                try inside.run("REASSIGN OWNED BY \(role) TO \(database.owner)")
                try inside.run("DROP OWNED BY \(role)")
                try inside.run("DROP ROLE \(role)")
            }
        }
    }

    public func look(at database: Database) throws(PortError) -> DatabaseLook? {
        let server = try connect(to: Self.home)
        let rows = try server.run(
            """
            SELECT pg_database_size(oid), (SELECT count(*) FROM pg_stat_activity WHERE datid = d.oid)
            FROM pg_database d WHERE datname = $1
            """, [database.name])
        guard let row = rows.first, let size = Int64(row[0]), let connections = Int(row[1]) else { return nil }
        return DatabaseLook(
            size: Bytes(size), connections: connections, roles: Set(try roles(of: database, server)))
    }

    public func drop(_ database: Database) throws(PortError) {
        let server = try connect(to: Self.home)
        let roles = try roles(of: database, server)
        for role in roles { try end(role, server) }
        try server.run("DROP DATABASE IF EXISTS \(database.name) WITH (FORCE)")
        for role in roles { try server.run("DROP ROLE IF EXISTS \(role)") }
        try server.run("DROP ROLE IF EXISTS \(database.owner)")
    }

    /// The database that has what is the platform's own.
    private static let home = "postgres"

    /// What every role of a tenant is.
    private static let powerless = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

    private func roles(of database: Database, _ server: borrowing ServerConnection) throws(PortError) -> [DatabaseRole]
    {
        try server.run(
            """
            SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles o ON o.oid = m.roleid
            WHERE o.rolname = $1 ORDER BY 1
            """, [database.owner]
        ).compactMap { DatabaseRole(name: $0[0]) }
    }

    /// Lets a role in no more, and ends what it does.
    private func end(_ role: DatabaseRole, _ server: borrowing ServerConnection) throws(PortError) {
        try server.run("ALTER ROLE \(role) NOLOGIN")
        try server.run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1", [role.name])
    }

    private func connect(to database: String) throws(PortError) -> ServerConnection {
        try ServerConnection(try library(), directory: directory, database: database, as: .platform)
    }

    private func library() throws(PortError) -> UnsafePointer<tsl_pq> {
        guard let library = tsl_pq_load() else {
            throw PortError(.refused, Self.subject, cause: "libpq is not installed; mend: apt install libpq5")
        }
        return library
    }
}
