public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func tenant(_ name: TenantName) throws(PortError) -> TenantRecord? {
        try open().row(
            "SELECT \(TenantRecord.columns) FROM tenant WHERE name = ?1", [.name(name)], read: TenantRecord.init)
    }

    public func tenants(_ query: PageQuery) throws(PortError) -> Page<TenantRecord> {
        let last = try query.position(TenantName.init(rawValue:))
        let rows = try open().rows(
            """
            SELECT \(TenantRecord.columns) FROM tenant
            WHERE name > ?1 AND (?3 IS NULL OR name IN (SELECT value FROM json_each(?3))) ORDER BY name LIMIT ?2
            """, [.text(last?.rawValue ?? ""), query.rows, .names(query.tenants)], read: TenantRecord.init)
        return query.page(rows) { $0.tenant.name.rawValue }
    }

    public func addTenant(_ name: TenantName, id: UUID, at: Date) throws(PortError) -> Tenant {
        try write { (connection) throws(PortError) in
            if let known = try tenant(name) { return known.tenant }
            let index = try nextIndex("users", of: UserRange.count, connection)
            guard let index, let users = UserRange(index: index) else {
                throw PortError(
                    .refused, name.rawValue,
                    cause: "all \(UserRange.count) ranges of users were given out; none is used again")
            }
            try connection.run(
                "INSERT INTO tenant (name, id, users, created_at) VALUES (?1, ?2, ?3, ?4)",
                [.name(name), .id(id), .number(index), try .time(at)])
            return Tenant(id: id, name: name, users: users)
        }
    }

    public func setEgress(_ name: TenantName, _ egress: EgressGrant) throws(PortError) {
        try write { (connection) throws(PortError) in
            try connection.run(
                "UPDATE tenant SET egress = ?2 WHERE name = ?1", [.name(name), .text(egress.rawValue)])
        }
    }

    public func setLoosening(_ loosening: Loosening?, of tenant: TenantName) throws(PortError) {
        try write { (connection) throws(PortError) in
            guard try connection.holds("SELECT 1 FROM tenant WHERE name = ?1", [.name(tenant)]) else {
                throw PortError(.notFound, "tenant", cause: "there is no tenant \(tenant)")
            }
            try connection.set(loosening, of: tenant)
        }
    }

    /// Removes a tenant; nothing if it is not there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when it has apps.
    public func removeTenant(_ name: TenantName) throws(PortError) {
        defer { accessVersion.raise() }
        try write { (connection) throws(PortError) in
            guard try !connection.holds("SELECT 1 FROM app WHERE tenant = ?1 LIMIT 1", [.name(name)]) else {
                throw PortError(.refused, name.rawValue, cause: "it still has apps")
            }
            // Its grants, tokens, quota and policy go with it: the next of its name has none of them.
            try connection.run("DELETE FROM tenant WHERE name = ?1", [.name(name)])
        }
    }
}

extension SQLiteLedger {
    /// The next index of a counter that was never given out, written beside the ledger as well; nil when all were.
    func nextIndex(_ counter: String, of count: Int, _ connection: Connection) throws(PortError) -> Int? {
        guard let index = try connection.nextIndex(counter, of: count) else { return nil }
        try counters.raise(counter, to: index + 1)
        return index
    }
}

extension Connection {
    /// The next index below `count` that was never given out; nil when all were.
    func nextIndex(_ counter: String, of count: Int) throws(PortError) -> Int? {
        try row(
            "UPDATE counter SET next = next + 1 WHERE name = ?1 AND next < ?2 RETURNING next - 1",
            [.text(counter), .number(count)]
        ) { (row) throws(PortError) in try row.integer(0) }
    }
}

extension Connection {
    func set(_ loosening: Loosening?, of tenant: TenantName) throws(PortError) {
        guard let loosening else { return try run("DELETE FROM policy WHERE tenant = ?1", [.name(tenant)]) }
        try run(
            "INSERT INTO policy VALUES (?1, ?2, ?3) ON CONFLICT (tenant) DO UPDATE SET limits = ?2, reason = ?3",
            [.name(tenant), .text(loosening.limits.text), .text(loosening.reason)])
    }
}

extension TenantRecord {
    /// What ``init(_:)`` reads, in its order.
    static let columns = """
        name, id, users, created_at, (SELECT count(*) FROM app WHERE app.tenant = tenant.name),
        (SELECT content FROM quota WHERE quota.tenant = tenant.name), egress,
        (SELECT limits FROM policy WHERE policy.tenant = tenant.name),
        (SELECT reason FROM policy WHERE policy.tenant = tenant.name)
        """

    init(_ row: borrowing Row) throws(PortError) {
        var tenant = Tenant(id: try row.id(1), name: try row.name(0), users: try row.value(2, UserRange.init(index:)))
        if !row.isNull(5) { tenant.quota = try row.value(5) { Quota(text: $0) } }
        if !row.isNull(7) {
            let reason = try row.text(8)
            tenant.loosening = try row.value(7) { text in
                SandboxLimits(text: text).flatMap { try? Loosening($0, reason: reason) }
            }
        }
        self.init(
            tenant: tenant, createdAt: try row.time(3), apps: try row.integer(4),
            egress: try row.value(6, EgressGrant.init(rawValue:)))
    }
}
