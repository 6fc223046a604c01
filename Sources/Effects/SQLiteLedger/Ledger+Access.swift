internal import FoundationEssentials
internal import Synchronization
public import TussilagoCore

extension SQLiteLedger {
    /// How many grants there may be on the host or in one tenant, and how many tokens.
    private static let limit = 200

    /// All grants and tokens. Those of tenants that are gone went with them.
    public func access() throws(PortError) -> AccessRecords {
        let connection = try open()
        let grants = try connection.rows("SELECT \(Grant.columns) FROM access_grant", read: Grant.init)
        let tokens = try connection.rows("SELECT \(Token.columns), digest FROM token") {
            (row) throws(PortError) -> (Digest, Token) in
            (try row.value(7) { try? Digest($0) }, try Token(row))
        }
        return AccessRecords(grants: grants, tokens: Dictionary(tokens) { $1 })
    }

    /// The grants of the host or of a tenant, by who has them.
    public func grants(in realm: Realm) throws(PortError) -> [Grant] {
        try open().rows(
            "SELECT \(Grant.columns) FROM access_grant WHERE tenant IS ?1 ORDER BY grantee", [realm.key],
            read: Grant.init)
    }

    /// Gives someone a role, instead of the one that they had there.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such tenant,
    ///   ``PortError/Code-swift.enum/refused`` when there are too many.
    public func add(_ grant: Grant, _ entry: AuditEntry) throws(PortError) {
        try change(entry) { (connection) throws(PortError) in
            try connection.requireTenant(of: grant.realm)
            let values: [Value] = [grant.realm.key, .text(grant.grantee.description)]
            try connection.run("DELETE FROM access_grant WHERE tenant IS ?1 AND grantee = ?2", values)
            try connection.requireRoom("access_grant", in: grant.realm, Self.limit)
            try connection.run(
                """
                INSERT INTO access_grant (tenant, grantee, number, role, granted_by, granted_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """,
                values + [
                    .number(Int(grant.number)), .text(grant.role.rawValue), .text(grant.by), try .time(grant.at),
                ])
        }
    }

    /// Takes a role away, and says which it was.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such grant.
    public func removeGrant(of grantee: Grantee, in realm: Realm, _ entry: AuditEntry) throws(PortError) -> Grant {
        try change(entry) { (connection) throws(PortError) in
            let removed = try connection.row(
                "DELETE FROM access_grant WHERE tenant IS ?1 AND grantee = ?2 RETURNING \(Grant.columns)",
                [realm.key, .text(grantee.description)], read: Grant.init)
            guard let removed else {
                throw PortError(.notFound, "grant", cause: "\(grantee) has no role of its own on \(realm)")
            }
            return removed
        }
    }

    /// The tokens of the host or of a tenant, by name.
    public func tokens(in realm: Realm) throws(PortError) -> [Token] {
        try open().rows(
            "SELECT \(Token.columns) FROM token WHERE tenant IS ?1 ORDER BY name", [realm.key], read: Token.init)
    }

    /// Writes a token down, of whose secret only the digest is known. Those that have expired make room for it.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` when there is one of this name.
    public func add(_ token: Token, digest: Digest, _ entry: AuditEntry) throws(PortError) {
        try change(entry) { (connection) throws(PortError) in
            try connection.requireTenant(of: token.realm)
            try connection.run("DELETE FROM token WHERE expires_at <= ?1", [try .time(token.at)])
            let isTaken = try connection.holds(
                "SELECT 1 FROM token WHERE tenant IS ?1 AND name = ?2", [token.realm.key, .name(token.name)])
            guard !isTaken else {
                throw PortError(.conflict, "name", cause: "there is a token \(token.name) already")
            }
            try connection.requireRoom("token", in: token.realm, Self.limit)
            try connection.run(
                """
                INSERT INTO token (tenant, id, name, role, created_by, created_at, expires_at, digest)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """,
                [
                    token.realm.key, .id(token.id), .name(token.name), .text(token.role.rawValue), .text(token.by),
                    try .time(token.at), try .time(token.expiresAt), .text(digest.hexadecimal),
                ])
        }
    }

    /// Has a token count no more, and says what it was.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is none of this name.
    public func removeToken(_ name: TokenName, in realm: Realm, _ entry: AuditEntry) throws(PortError) -> Token {
        try change(entry) { (connection) throws(PortError) in
            let removed = try connection.row(
                "DELETE FROM token WHERE tenant IS ?1 AND name = ?2 RETURNING \(Token.columns)",
                [realm.key, .name(name)], read: Token.init)
            guard let removed else {
                throw PortError(.notFound, "token", cause: "there is no token \(name) of \(realm)")
            }
            return removed
        }
    }

    /// Changes who may do what, together with the record of it, and has the next decision read it anew.
    private func change<Result>(
        _ entry: AuditEntry, _ body: (Connection) throws(PortError) -> Result
    ) throws(PortError) -> Result {
        defer { accessVersion.raise() }
        // A right that is taken away is taken away on a full disk as well.
        return try write(makingRoom: true, auditing: [entry]) { (connection) throws(PortError) in try body(connection) }
    }
}

/// A number that changes with who may do what: whoever keeps a copy compares it.
public final class AccessVersion: Sendable {
    private let number = Atomic(0)

    /// What it is now.
    public var value: Int { number.load(ordering: .acquiring) }

    func raise() { number.add(1, ordering: .acquiringAndReleasing) }
}

extension Connection {
    fileprivate func requireTenant(of realm: Realm) throws(PortError) {
        guard let tenant = realm.tenant else { return }
        guard try holds("SELECT 1 FROM tenant WHERE name = ?1", [.name(tenant)]) else {
            throw PortError(.notFound, "tenant", cause: "there is no tenant \(tenant)")
        }
    }

    fileprivate func requireRoom(_ table: String, in realm: Realm, _ limit: Int) throws(PortError) {
        let count = try row("SELECT count(*) FROM \(table) WHERE tenant IS ?1", [realm.key]) {
            (row) throws(PortError) in try row.integer(0)
        }
        guard let count, count < limit else {
            throw PortError(.refused, "limit", cause: "there are \(limit) on \(realm) already; remove some first")
        }
    }
}

extension Realm {
    /// The column that names the tenant; NULL for the host.
    fileprivate var key: Value { .name(tenant) }

    /// Reads the column back.
    fileprivate init(_ row: borrowing Row, _ column: Int32) throws(PortError) {
        self = row.isNull(column) ? .host : .tenant(try row.name(column))
    }
}

extension Grant {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "tenant, grantee, number, role, granted_by, granted_at"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            realm: try Realm(row, 0), grantee: try row.value(1) { try? Grantee($0) },
            number: try row.value(2) { UInt32(exactly: $0) }, role: try row.value(3, Role.init(rawValue:)),
            by: try row.text(4), at: try row.time(5))
    }
}

extension Token {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "tenant, id, name, role, created_by, created_at, expires_at"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            id: try row.id(1), name: try row.name(2), realm: try Realm(row, 0),
            role: try row.value(3, Role.init(rawValue:)), by: try row.text(4), at: try row.time(5),
            expiresAt: try row.time(6))
    }
}
