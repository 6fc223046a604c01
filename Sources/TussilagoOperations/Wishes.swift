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
        return Self.desired(
            record, releases: releases, secrets: try await ledger.secrets(of: reference), tenant: tenant, power: power)
    }

    /// The same, where the app's newest releases and its secrets are known.
    static func desired(
        _ record: AppRecord, releases: [ReleaseRecord], secrets: [SecretRecord], tenant: Tenant,
        power: DesiredApp.Power
    ) -> DesiredState {
        let good = releases.filter { $0.state == .current || $0.state == .superseded || $0.isRevived }.map(\.release)
        let kept = record.current.map { Self.kept(good, with: $0) } ?? []
        let app = DesiredApp(
            app: record.app, current: record.current, kept: kept, power: power, secrets: secrets)
        return DesiredState(app: record.app.reference, tenant: tenant, app)
    }

    /// The current release and the newest of the others, oldest first.
    static func kept(_ releases: [Release], with current: Release) -> [Release] {
        let others = releases.filter { $0.number != current.number }.sorted { $0.number > $1.number }
        return ([current] + others.prefix(keptReleases)).sorted { $0.number < $1.number }
    }

    /// The releases that are to be forgotten once `current` serves: all that is older than what is kept.
    func outdated(_ current: Release) async throws(PortError) -> [ReleaseNumber] {
        let records = try await ledger.releases(of: current.app, PageQuery(limit: PageQuery.maximumLimit)).items
        let good = records.filter { $0.state == .superseded || $0.isRevived }.map(\.release)
        guard let oldest = Self.kept(good, with: current).map(\.number).min() else { return [] }
        return records.filter { $0.release.number < oldest && $0.release.number != current.number }.map(
            \.release.number)
    }

    func tenant(_ name: TenantName) async throws(PortError) -> Tenant { try await record(of: name).tenant }

    func record(of name: TenantName) async throws(PortError) -> TenantRecord {
        guard let record = try await ledger.tenant(name) else {
            throw PortError(.notFound, name.rawValue, cause: "there is no such tenant")
        }
        return record
    }

    /// The release to go back to: the one of that number, or the one before the current.
    func earlier(_ number: ReleaseNumber?, than record: AppRecord) async throws(PortError) -> ReleaseRecord {
        let reference = record.app.reference
        if let number {
            guard let found = try await ledger.release(reference, number) else {
                throw PortError(.notFound, "\(reference) release \(number)", cause: "there is no such release")
            }
            return found
        }
        let releases = try await ledger.releases(of: reference, PageQuery(limit: PageQuery.maximumLimit)).items
        let current = record.current?.number
        let before = releases.first { release in
            release.state == .superseded && current.map { release.release.number < $0 } ?? true
        }
        guard let before else {
            throw PortError(.notFound, reference.description, cause: "there is no earlier release to go back to")
        }
        return before
    }

    func app(_ reference: AppReference) async throws(PortError) -> AppRecord {
        guard let record = try await ledger.app(reference) else {
            throw PortError(.notFound, reference.description, cause: "there is no such app")
        }
        return record
    }
}
