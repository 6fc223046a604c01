public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func services(of app: AppReference) throws(PortError) -> [ServiceRecord] {
        try open().rows(
            """
            SELECT \(ServiceRecord.columns) FROM service
            WHERE tenant = ?1 AND app = ?2 AND released_at IS NULL ORDER BY name
            """, app.key, read: ServiceRecord.init)
    }

    public func usedServices() throws(PortError) -> [ServiceRecord] {
        try open().rows(
            "SELECT \(ServiceRecord.columns) FROM service WHERE released_at IS NULL ORDER BY tenant, app, name",
            read: ServiceRecord.init)
    }

    public func addService(_ service: ServiceRecord) throws(PortError) {
        try write { (connection) throws(PortError) in try connection.insert(service) }
    }

    public func releaseServices(of app: AppReference, at: Date) throws(PortError) {
        try write { (connection) throws(PortError) in
            try connection.run(
                "UPDATE service SET released_at = ?3 WHERE tenant = ?1 AND app = ?2 AND released_at IS NULL",
                app.key + [try .time(at)])
        }
    }

    public func releasedServices() throws(PortError) -> [ServiceRecord] {
        try open().rows(
            "SELECT \(ServiceRecord.columns) FROM service WHERE released_at IS NOT NULL ORDER BY released_at, owner",
            read: ServiceRecord.init)
    }

    public func removeService(_ service: ServiceRecord) throws(PortError) {
        try write { (connection) throws(PortError) in
            try connection.run(
                "DELETE FROM service WHERE owner = ?1 AND type = ?2",
                [.id(service.owner), .text(service.type.rawValue)])
        }
    }
}

extension Connection {
    func insert(_ service: ServiceRecord) throws(PortError) {
        try run(
            """
            INSERT INTO service (owner, type, tenant, app, name, tier, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (owner, type) DO UPDATE SET name = ?5, tier = ?6
            """,
            [.id(service.owner), .text(service.type.rawValue)] + service.app.key + [
                .text(service.name.rawValue), .text(service.tier.rawValue), try .time(service.createdAt),
            ])
    }

    /// Takes down what the current release of an app has, if the row of it was lost.
    func addServices(of app: HostRecords.FoundApp) throws(PortError) {
        guard let found = app.versions.first,
            let current = app.releases.first(where: { $0.state == .current })?.release
        else { return }
        for service in current.manifest.services {
            let isKnown = try holds(
                "SELECT 1 FROM service WHERE owner = ?1 AND type = ?2", [.id(found.id), .text(service.type.rawValue)])
            guard !isKnown else { continue }
            try insert(
                ServiceRecord(
                    owner: found.id, app: found.reference, name: service.name, type: service.type, tier: service.tier,
                    createdAt: app.createdAt))
        }
    }
}

extension ServiceRecord {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "owner, tenant, app, name, type, tier, created_at, released_at"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            owner: try row.id(0), app: try AppReference(row, at: 1),
            name: try row.value(3, ServiceName.init(rawValue:)),
            type: try row.value(4, ServiceType.init(rawValue:)), tier: try row.value(5, ServiceTier.init(rawValue:)),
            createdAt: try row.time(6), releasedAt: row.isNull(7) ? nil : try row.time(7))
    }
}
