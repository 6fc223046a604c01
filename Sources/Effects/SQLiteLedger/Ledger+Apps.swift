public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func app(_ reference: AppReference) throws(PortError) -> AppRecord? {
        let connection = try open()
        return try connection.row(
            "\(AppRecord.selection) WHERE app.tenant = ?1 AND app.name = ?2", reference.key
        ) { (row) throws(PortError) in try AppRecord(row, of: connection) }
    }

    public func apps(of tenant: TenantName?, _ query: PageQuery) throws(PortError) -> Page<AppRecord> {
        let last = try query.position { try? AppReference($0) }
        let connection = try open()
        let rows = try connection.rows(
            """
            \(AppRecord.selection)
            WHERE (app.tenant, app.name) > (?1, ?2) AND (?3 IS NULL OR app.tenant = ?3)
                AND (?5 IS NULL OR app.tenant IN (SELECT value FROM json_each(?5)))
            ORDER BY app.tenant, app.name LIMIT ?4
            """,
            [
                .text(last?.tenant.rawValue ?? tenant?.rawValue ?? ""), .text(last?.app.rawValue ?? ""),
                .name(tenant), query.rows, .names(query.tenants),
            ]
        ) { (row) throws(PortError) in try AppRecord(row, of: connection) }
        return query.page(rows) { $0.app.reference.description }
    }

    public func stamps(of apps: [AppReference]) throws(PortError) -> [AppReference: Stamp] {
        let connection = try open()
        var stamps: [AppReference: Stamp] = [:]
        for (tenant, apps) in Dictionary(grouping: apps, by: \.tenant) {
            let names = apps.map(\.app).sorted()
            guard let first = names.first, let last = names.last else { continue }
            var marks: [String: Stamp] = [:]
            for query in Self.rowsOfApps {
                _ = try connection.rows(query, [.name(tenant), .name(first), .name(last)]) { (row) throws(PortError) in
                    row.add(to: &marks[try row.text(0), default: Stamp()])
                }
            }
            for app in apps { stamps[app] = marks[app.app.rawValue] }
        }
        return stamps
    }

    /// All that the ledger says of a tenant's apps from one name to another, which a row begins with: a bit that the disk
    /// has lost is seen as well. They are read for many apps at once: a query for each was an eighth of a look at 200.
    private static let rowsOfApps = [
        """
        SELECT app.name, tenant.*, app.* FROM app JOIN tenant ON tenant.name = app.tenant
        WHERE app.tenant = ?1 AND app.name BETWEEN ?2 AND ?3
        """,
        "SELECT app, * FROM release WHERE tenant = ?1 AND app BETWEEN ?2 AND ?3 ORDER BY app, number",
        "SELECT app, * FROM template WHERE tenant = ?1 AND app BETWEEN ?2 AND ?3 ORDER BY app, process, generation",
        "SELECT app, * FROM claim WHERE tenant = ?1 AND app BETWEEN ?2 AND ?3 ORDER BY app, release, hostname",
        "SELECT app, * FROM hostname WHERE tenant = ?1 AND app BETWEEN ?2 AND ?3 ORDER BY app, name",
        "SELECT app, * FROM secret WHERE tenant = ?1 AND app BETWEEN ?2 AND ?3 ORDER BY app, name, version",
    ]

    public func scopes() throws(PortError) -> Set<Scope> {
        let connection = try open()
        let tenants = try connection.rows("SELECT name FROM tenant") { (row) throws(PortError) -> Scope in
            .tenant(try row.name(0))
        }
        let apps = try connection.rows("SELECT tenant, name FROM app") { (row) throws(PortError) -> Scope in
            .app(try AppReference(row, at: 0))
        }
        return Set(tenants + apps)
    }

    /// Writes an app down with the next network that was never given out, or when all were the first that no app has any
    /// more; the same row again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such tenant,
    ///   ``PortError/Code-swift.enum/refused`` when apps have all networks.
    public func addApp(_ reference: AppReference, id: UUID, at: Date) throws(PortError) -> App {
        try write { (connection) throws(PortError) in
            if let known = try app(reference) { return known.app }
            guard try tenant(reference.tenant) != nil else {
                throw PortError(.notFound, reference.tenant.rawValue, cause: "there is no such tenant")
            }
            try connection.admitApp(reference, counting: false)
            var index = try nextIndex("network", of: AppNetwork.count, connection)
            if index == nil { index = try connection.freeNetwork() }
            guard let index, let network = AppNetwork(index: index) else {
                throw PortError(
                    .refused, reference.description,
                    cause: "the host's \(AppNetwork.count) networks all belong to apps; delete one that is not needed")
            }
            try connection.run(
                "INSERT INTO app (tenant, name, id, network, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                reference.key + [.id(id), .number(index), try .time(at)])
            return App(id: id, reference: reference, network: network)
        }
    }

    public func removeApp(_ reference: AppReference) throws(PortError) {
        try write { (connection) throws(PortError) in
            try connection.run("DELETE FROM app WHERE tenant = ?1 AND name = ?2", reference.key)
            try connection.forgetTrees()
        }
    }
}

extension AppReference {
    /// The values of the columns that name an app, bound as ?1 and ?2.
    var key: [Value] { [.name(tenant), .name(app)] }

    /// Reads an app's columns, the tenant's at `column` and the app's behind it.
    init(_ row: borrowing Row, at column: Int32) throws(PortError) {
        self.init(tenant: try row.name(column), app: try row.name(column + 1))
    }
}

extension Connection {
    /// The first network that no app has; nil when there is none. A deleted app's bridge is gone before its row is.
    fileprivate func freeNetwork() throws(PortError) -> Int? {
        try row(
            """
            WITH RECURSIVE network (number) AS (VALUES (0) UNION ALL SELECT number + 1 FROM network WHERE number + 1 < ?1)
            SELECT number FROM network WHERE number NOT IN (SELECT network FROM app) LIMIT 1
            """, [.number(AppNetwork.count)]
        ) { (row) throws(PortError) in try row.integer(0) }
    }
}

extension AppRecord {
    /// What ``init(_:)`` reads, in its order: apps, each with the content of its current release.
    static let selection = """
        SELECT app.tenant, app.name, app.id, app.network, app.created_at, release.id, release.content
        FROM app LEFT JOIN release
            ON release.tenant = app.tenant AND release.app = app.name AND release.state = 'current'
        """

    init(_ row: borrowing Row, of connection: Connection) throws(PortError) {
        let app = App(
            id: try row.id(2), reference: try AppReference(row, at: 0),
            network: try row.value(3, AppNetwork.init(index:)))
        self.init(
            app: app, createdAt: try row.time(4),
            current: row.isNull(5) ? nil : try connection.release(row, id: 5, content: 6))
    }
}
