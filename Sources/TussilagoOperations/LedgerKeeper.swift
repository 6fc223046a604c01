public import TussilagoCore

/// Sees to it that there is a sound ledger before anything is read from it.
///
/// Damage that is found later is not mended under those who work: the agent ends, and the next one does this first.
public struct LedgerKeeper: Sendable {
    private let outside: Outside

    /// Keeps the ledger of these ports.
    public init(_ outside: Outside) { self.outside = outside }

    /// What became of a lost ledger.
    public struct Recovery: Hashable, Sendable {
        /// Why it was written anew.
        public let reason: String
        /// How many tenants were found.
        public let tenants: Int
        /// How many apps were found.
        public let apps: Int
        /// How many releases were found.
        public let releases: Int
    }

    /// Writes the ledger anew if it is missing or damaged. On a host that has nothing yet there is nothing to write.
    /// - Returns: what was found; nil when nothing had to be done.
    public func ensure() async throws(PortError) -> Recovery? {
        switch try await outside.ledger.condition() {
        case .sound: nil
        case .missing: try await rebuild("the file was missing or empty", unlessEmpty: true)
        case .damaged(let reason): try await rebuild(reason, unlessEmpty: false)
        }
    }

    private func rebuild(_ reason: String, unlessEmpty: Bool) async throws(PortError) -> Recovery? {
        let scopes = try await outside.units.stored().scopes
        if unlessEmpty, scopes.isEmpty { return nil }
        let records = try await outside.units.records(of: scopes)
        try await outside.ledger.rebuild(from: records, because: reason, at: outside.now())
        return Recovery(
            reason: reason, tenants: records.tenants.count, apps: records.apps.count,
            releases: records.apps.map(\.releases.count).reduce(0, +))
    }
}

/// In what the ledger differs from the host's files, which say the same as it does unless one of them was damaged, or
/// an older copy was put in its place.
struct LedgerReview: Sendable {
    let outside: Outside

    /// Compares what the ledger and the files have of one tenant or app.
    func differences(in scope: Scope, repairing: Bool) async throws(PortError) -> [Finding] {
        // An app's files name its tenant as well, whose own may be gone.
        var scopes: Set<Scope> = [scope]
        if case .app(let app) = scope { scopes.insert(.tenant(app.tenant)) }
        let records = try await outside.units.records(of: scopes)
        return try await outside.ledger.compare(records, repairing: repairing).map {
            Finding(subject: "\($0.scope)", what: $0.what, action: .repair)
        }
    }

    /// The parts of the host to compare: tenants first.
    func scopes() async throws(PortError) -> [Scope] {
        try await outside.units.stored().scopes.sorted { $0.description < $1.description }
    }
}
