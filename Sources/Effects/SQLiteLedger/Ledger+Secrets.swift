public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func secrets(of app: AppReference) throws(PortError) -> [SecretRecord] {
        try open().rows(
            "SELECT \(SecretRecord.columns) FROM secret WHERE tenant = ?1 AND app = ?2 ORDER BY name, version", app.key,
            read: SecretRecord.init)
    }

    public func secrets(of apps: [AppReference]) throws(PortError) -> [AppReference: [SecretRecord]] {
        var secrets: [AppReference: [SecretRecord]] = [:]
        for app in apps {
            let records = try self.secrets(of: app)
            if !records.isEmpty { secrets[app] = records }
        }
        return secrets
    }

    /// Makes a credential the current version of a secret; the same again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the app has too many secrets or versions,
    ///   ``PortError/Code-swift.enum/notFound`` when there is no such app.
    public func addSecret(
        _ app: AppReference, _ name: SecretName, credential: UUID, at: Date
    ) throws(PortError) -> SecretVersion {
        try write { (connection) throws(PortError) in
            guard try self.app(app) != nil else {
                throw PortError(.notFound, app.description, cause: "there is no such app")
            }
            let known = try secrets(of: app)
            if let same = known.first(where: { $0.version.credential == credential }) { return same.version }
            guard known.count < SecretRecord.mostVersions else {
                throw PortError(
                    .refused, app.description,
                    cause: "\(known.count) values of its secrets are kept; tussilago gc removes those that nothing uses"
                )
            }
            let names = Set(known.filter(\.isCurrent).map(\.version.name))
            guard names.contains(name) || names.count < SecretRecord.mostSecrets else {
                throw PortError(.refused, app.description, cause: "it has \(names.count) secrets, the most that it may")
            }
            let last = known.last { $0.version.name == name }?.version.number ?? 0
            let version = SecretVersion(name: name, number: last + 1, credential: credential)
            try connection.insert(SecretRecord(version, createdAt: at, isCurrent: true), of: app)
            return version
        }
    }

    public func unsetSecret(_ app: AppReference, _ name: SecretName) throws(PortError) {
        try write { (connection) throws(PortError) in try connection.unset(name, of: app) }
    }

    public func removeSecrets(_ app: AppReference, _ credentials: Set<UUID>) throws(PortError) {
        try write { (connection) throws(PortError) in
            for credential in credentials {
                try connection.run(
                    "DELETE FROM secret WHERE tenant = ?1 AND app = ?2 AND credential = ?3 AND current = 0",
                    app.key + [.id(credential)])
            }
        }
    }

    public func credentials() throws(PortError) -> Set<UUID> {
        Set(try open().rows("SELECT credential FROM secret") { (row) throws(PortError) in try row.id(0) })
    }
}

extension Connection {
    /// Writes a version down; one that is current takes the place of the one that was.
    func insert(_ record: SecretRecord, of app: AppReference) throws(PortError) {
        if record.isCurrent { try unset(record.version.name, of: app) }
        try run(
            """
            INSERT INTO secret (tenant, app, name, version, credential, created_at, current)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            app.key + [
                .text(record.version.name.rawValue), .number(record.version.number), .id(record.version.credential),
                try .time(record.createdAt), .number(record.isCurrent ? 1 : 0),
            ])
    }

    func unset(_ name: SecretName, of app: AppReference) throws(PortError) {
        try run(
            "UPDATE secret SET current = 0 WHERE tenant = ?1 AND app = ?2 AND name = ?3 AND current = 1",
            app.key + [.text(name.rawValue)])
    }
}

extension SecretRecord {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "name, version, credential, created_at, current"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            SecretVersion(
                name: try row.value(0, SecretName.init(rawValue:)), number: try row.integer(1),
                credential: try row.id(2)),
            createdAt: try row.time(3), isCurrent: try row.integer(4) != 0)
    }
}
