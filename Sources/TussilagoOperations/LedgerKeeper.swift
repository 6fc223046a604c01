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
