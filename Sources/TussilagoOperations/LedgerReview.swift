import TussilagoCore

/// In what the ledger differs from the host's files, which say the same as it does unless one of them was damaged, or
/// an older copy was put in its place.
struct LedgerReview: Sendable {
    let outside: Outside
    /// Whether the ledger shall say what the files say.
    let repairs: Bool
    /// Who works on what meanwhile; nil where nothing is to be repaired.
    let claims: Claims?

    /// What was found of some tenants and apps.
    struct Seen {
        /// Their files.
        let files: [ScopeFiles]
        /// In what the ledger differs from them.
        let findings: [Finding]
    }

    /// Looks at the files of tenants and apps, and holds the ledger against them.
    func look(at scopes: [Scope]) async throws(PortError) -> Seen {
        // Where an operation is under way, files and rows change in their turn.
        let free = await claims?.takeFree(scopes) ?? scopes
        let result: Result<Seen, PortError>
        do throws(PortError) { result = .success(try await look(at: scopes, comparing: Set(free))) } catch {
            result = .failure(error)
        }
        await claims?.give(free)
        return try result.get()
    }

    private func look(at scopes: [Scope], comparing free: Set<Scope>) async throws(PortError) -> Seen {
        let files = try await outside.units.files(of: scopes)
        let records = HostRecords(files.filter { free.contains($0.scope) })
        let findings = try await outside.ledger.compare(records, repairing: repairs).map {
            Finding(subject: "\($0.scope)", what: $0.what, action: .repair)
        }
        return Seen(files: files, findings: findings)
    }

    /// Tenants and apps that files name and the ledger does not know, as it does after rows were lost: in pages, tenants
    /// before their apps. Nearly always there is none.
    func strangers() async throws(PortError) -> [[Scope]] {
        let unknown = try await outside.units.named().subtracting(try await outside.ledger.scopes())
        // An app's files name its tenant as well, whose own may be gone.
        let tenants = unknown.compactMap { scope -> Scope? in
            if case .app(let app) = scope { .tenant(app.tenant) } else { nil }
        }
        let strangers = unknown.union(tenants).sorted { $0.description < $1.description }
        return stride(from: 0, to: strangers.count, by: PageQuery.maximumLimit).map {
            Array(strangers[$0..<min($0 + PageQuery.maximumLimit, strangers.count)])
        }
    }
}
