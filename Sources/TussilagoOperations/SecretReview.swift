import FoundationEssentials
import TussilagoCore

/// Holds the secrets that apps need against the values that the host has.
struct SecretReview: Sendable {
    let outside: Outside

    /// How long a credential is spared that nothing refers to: it is made before the operation that does.
    private static let grace: TimeInterval = 3_600

    /// The values that are not there, and a key that is not.
    func findings() async throws(PortError) -> [Finding] {
        let kept = try await outside.ledger.credentials()
        guard !kept.isEmpty else { return [] }
        let stored: Set<UUID>
        do throws(PortError) { stored = Set(try await outside.secrets.stored().keys) } catch {
            return [Finding(subject: error.subject, what: error.cause, action: .report)]
        }
        var findings: [Finding] = []
        if await !outside.secrets.hasKey() {
            let what = "the host has no key to decrypt them with: no app that has any can be started again"
            findings.append(Finding(subject: "secrets", what: what, action: .report))
        }
        // Nearly always they are all there, and no app need be looked at.
        guard !kept.isSubset(of: stored) else { return findings }
        try await outside.ledger.forApps { (apps) throws(PortError) in
            for record in apps { findings += try await missing(of: record, stored) }
        }
        return findings
    }

    private func missing(of record: AppRecord, _ stored: Set<UUID>) async throws(PortError) -> [Finding] {
        let app = record.app.reference
        let set = try await outside.ledger.secrets(of: app).filter(\.isCurrent).map(\.version)
        let needed = Set(set).union(record.current?.secrets ?? [])
        return needed.filter { !stored.contains($0.credential) }.sorted().map { version in
            let what =
                "version \(version.number) of secret \(version.name) is not on this host; mend: "
                + "tussilago secret set \(app) \(version.name), then tussilago secret rotate \(app)"
            return Finding(subject: app.description, what: what, action: .report)
        }
    }

    /// Versions that no release refers to and no deploy would take, by their apps.
    func unused(of app: AppReference, _ releases: [ReleaseRecord]) async throws(PortError) -> Set<UUID> {
        let used = Set(releases.flatMap(\.release.secrets).map(\.credential))
        let old = try await outside.ledger.secrets(of: app).filter { !$0.isCurrent }.map(\.version.credential)
        return Set(old).subtracting(used)
    }

    /// Credentials that nothing refers to: no row, no file, no operation that has not ended.
    func orphans() async throws(PortError) -> [UUID] {
        let begun = outside.now()
        let stored = try await outside.secrets.stored()
        let old = Set(stored.filter { begun.timeIntervalSince($0.value) > Self.grace }.keys)
        var left = old.subtracting(try await outside.ledger.credentials())
        guard !left.isEmpty else { return [] }
        for operation in try await outside.ledger.openOperations() {
            if case .setSecret(_, _, let credential) = operation.request { left.remove(credential) }
        }
        // Rows may have been lost: the next reconcile takes in what the files say.
        for scope in try await outside.units.stored().scopes {
            let noted = try await outside.units.observe(scope).secrets
            left.subtract(noted.map(\.version.credential))
        }
        return left.sorted { $0.lowercased < $1.lowercased }
    }
}
