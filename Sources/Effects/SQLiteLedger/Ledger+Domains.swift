public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func domain(_ hostname: Hostname, of tenant: TenantName) throws(PortError) -> ClaimedDomain? {
        try open().domain(hostname, of: tenant)
    }

    public func domains(of tenant: TenantName) throws(PortError) -> [ClaimedDomain] {
        try open().rows(
            "SELECT \(ClaimedDomain.columns) FROM domain WHERE tenant = ?1 ORDER BY name LIMIT ?2",
            [.name(tenant), .number(ClaimedDomain.limit)], read: ClaimedDomain.init)
    }

    public func addDomain(
        _ hostname: Hostname, of tenant: TenantName, challenge: UUID, at: Date
    ) throws(PortError) -> ClaimedDomain {
        try write { (connection) throws(PortError) in
            if let known = try connection.domain(hostname, of: tenant) { return known }
            let count = try connection.row("SELECT count(*) FROM domain WHERE tenant = ?1", [.name(tenant)]) {
                (row) throws(PortError) in try row.integer(0)
            }
            guard count ?? 0 < ClaimedDomain.limit else {
                throw PortError(
                    .refused, hostname.text, cause: "tenant \(tenant) has \(ClaimedDomain.limit) domains already")
            }
            let domain = ClaimedDomain(hostname: hostname, tenant: tenant, challenge: challenge, createdAt: at)
            try connection.run(
                "INSERT INTO domain (name, tenant, challenge, created_at) VALUES (?1, ?2, ?3, ?4)",
                domain.key + [.id(challenge), try .time(at)])
            return domain
        }
    }

    public func proveDomain(
        _ hostname: Hostname, of tenant: TenantName, voucher: String?, at: Date
    ) throws(PortError) {
        try write { (connection) throws(PortError) in
            guard let known = try connection.domain(hostname, of: tenant) else {
                throw PortError(.notFound, hostname.text, cause: "tenant \(tenant) has not added it")
            }
            // A proof is more than a word, and a word takes nothing from it.
            if known.provedAt != nil, voucher != nil || known.voucher == nil { return }
            try connection.takeFromOthers(known)
            try connection.run(
                "UPDATE domain SET proved_at = ?3, voucher = ?4 WHERE name = ?1 AND tenant = ?2",
                known.key + [try .time(at), .text(voucher)])
        }
    }

    public func removeDomain(_ hostname: Hostname, of tenant: TenantName) throws(PortError) {
        try write { (connection) throws(PortError) in
            let user = try connection.row(
                "SELECT tenant, app FROM hostname WHERE name = ?1 AND tenant = ?2",
                [.text(hostname.text), .name(tenant)]
            ) { (row) throws(PortError) in try AppReference(row, at: 0) }
            if let user { throw PortError(.refused, hostname.text, cause: "it is a hostname of \(user)") }
            try connection.run(
                "DELETE FROM domain WHERE name = ?1 AND tenant = ?2", [.text(hostname.text), .name(tenant)])
        }
    }
}

extension Connection {
    fileprivate func domain(_ hostname: Hostname, of tenant: TenantName) throws(PortError) -> ClaimedDomain? {
        try row(
            "SELECT \(ClaimedDomain.columns) FROM domain WHERE name = ?1 AND tenant = ?2",
            [.text(hostname.text), .name(tenant)], read: ClaimedDomain.init)
    }

    /// Takes a hostname from a tenant that has it by an admin's word alone and does not use it.
    fileprivate func takeFromOthers(_ domain: ClaimedDomain) throws(PortError) {
        let name = domain.hostname.text
        let owner = try row(
            "SELECT tenant, voucher FROM domain WHERE name = ?1 AND proved_at IS NOT NULL", [.text(name)]
        ) { (row) throws(PortError) -> (tenant: TenantName, isVouched: Bool) in (try row.name(0), !row.isNull(1)) }
        let user = try row("SELECT tenant FROM hostname WHERE name = ?1", [.text(name)]) {
            (row) throws(PortError) -> TenantName in try row.name(0)
        }
        if let user, user != domain.tenant {
            throw PortError(.conflict, name, cause: "an app of another tenant has this hostname")
        }
        guard let owner, owner.tenant != domain.tenant else { return }
        guard owner.isVouched else {
            throw PortError(.conflict, name, cause: "another tenant has proved that this hostname is its own")
        }
        try run(
            "UPDATE domain SET proved_at = NULL, voucher = NULL WHERE name = ?1 AND tenant = ?2",
            [.text(name), .name(owner.tenant)])
    }

    /// Takes what runs for granted, of tenants that were written anew: it was allowed before their rows were lost.
    func grantWhatRuns(_ app: HostRecords.FoundApp, at: Date) throws(PortError) {
        guard let current = app.releases.first(where: { $0.state == .current })?.release else { return }
        let tenant = current.app.tenant
        if let grant = current.manifest.egress?.grant {
            try run(
                "UPDATE tenant SET egress = ?2 WHERE name = ?1 AND (egress = 'none' OR ?2 = 'internet')",
                [.name(tenant), .text(grant.rawValue)])
        }
        for hostname in current.manifest.hostnames {
            try run(
                """
                INSERT OR IGNORE INTO domain (name, tenant, challenge, created_at, proved_at, voucher)
                    VALUES (?1, ?2, \(Self.freshID), ?3, ?3, 'rebuilt')
                """, [.text(hostname.text), .name(tenant), try .time(at)])
        }
    }

    /// A fresh UUIDv4 (RFC 9562 §5.4), as SQL.
    static let freshID = """
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' \
        || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
        """
}

extension ClaimedDomain {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "name, tenant, challenge, created_at, proved_at, voucher"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            hostname: try row.value(0) { try? Hostname($0) }, tenant: try row.name(1), challenge: try row.id(2),
            createdAt: try row.time(3), provedAt: row.isNull(4) ? nil : try row.time(4),
            voucher: row.isNull(5) ? nil : try row.text(5))
    }

    /// The values of the columns that name it, bound as ?1 and ?2.
    fileprivate var key: [Value] { [.text(hostname.text), .name(tenant)] }
}
