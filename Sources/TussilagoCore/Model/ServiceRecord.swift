public import FoundationEssentials

/// A service of an app, as it is kept track of. It outlives its app by ``keptFor``: what is in it is the tenant's.
public struct ServiceRecord: Hashable, Sendable {
    /// The id of the app that it was made for.
    public let owner: UUID
    /// That app.
    public let app: AppReference
    /// Its name within the app.
    public let name: ServiceName
    /// What kind of service it is.
    public let type: ServiceType
    /// Whose server it is on.
    public let tier: ServiceTier
    /// When it was asked for first.
    public let createdAt: Date
    /// When its app was deleted; nil while that is there.
    public let releasedAt: Date?

    /// How long one is kept after its app was deleted, in seconds: seven days.
    public static let keptFor: TimeInterval = 7 * 86_400

    /// Describes one.
    public init(
        owner: UUID, app: AppReference, name: ServiceName, type: ServiceType, tier: ServiceTier, createdAt: Date,
        releasedAt: Date? = nil
    ) {
        self.owner = owner
        self.app = app
        self.name = name
        self.type = type
        self.tier = tier
        self.createdAt = Date(timeIntervalSince1970: createdAt.timeIntervalSince1970.rounded(.down))
        self.releasedAt = releasedAt
    }

    /// Where its content is, if it is a database.
    public var database: Database { Database(of: owner) }

    /// Whether nobody may want it back any more.
    public func isOver(at now: Date) -> Bool {
        releasedAt.map { now.timeIntervalSince($0) > Self.keptFor } ?? false
    }
}
