import TussilagoCore

/// What shall be, as the ledger has it.
struct Wishes: Sendable {
    private let ledger: any Ledger

    /// How many releases are kept for going back, besides the current one.
    static let keptReleases = 10

    init(_ ledger: any Ledger) { self.ledger = ledger }

    /// An app with its current release and those that are kept.
    func desired(_ record: AppRecord, tenant: Tenant, power: DesiredApp.Power) async throws(PortError) -> DesiredState {
        let reference = record.app.reference
        let releases = try await ledger.releases(of: reference, PageQuery(limit: PageQuery.maximumLimit)).items
        let good = releases.filter { $0.state == .current || $0.state == .superseded }.map(\.release)
        let kept = record.current.map { Self.kept(good, with: $0) } ?? []
        let app = DesiredApp(app: record.app, current: record.current, kept: kept, power: power)
        return DesiredState(app: reference, tenant: tenant, app)
    }

    /// The current release and the newest of the others, oldest first.
    static func kept(_ releases: [Release], with current: Release) -> [Release] {
        let others = releases.filter { $0.number != current.number }.sorted { $0.number > $1.number }
        return ([current] + others.prefix(keptReleases)).sorted { $0.number < $1.number }
    }

    func tenant(_ name: TenantName) async throws(PortError) -> Tenant {
        guard let record = try await ledger.tenant(name) else {
            throw PortError(.notFound, name.rawValue, cause: "there is no such tenant")
        }
        return record.tenant
    }

    func app(_ reference: AppReference) async throws(PortError) -> AppRecord {
        guard let record = try await ledger.app(reference) else {
            throw PortError(.notFound, reference.description, cause: "there is no such app")
        }
        return record
    }
}
