/// A service that an app asks for: `[services.NAME]` of its manifest.
public struct ServiceSpecification: Hashable, Comparable, Sendable, Codable {
    /// Its name within the app.
    public let name: ServiceName
    /// What kind of service it is.
    public let type: ServiceType
    /// Whose server it is on.
    public let tier: ServiceTier
    /// The extensions of PostgreSQL that it has, sorted, each once.
    @LaterList public private(set) var extensions: [DatabaseExtension]

    /// Describes a service.
    public init(
        name: ServiceName, type: ServiceType, tier: ServiceTier = .shared, extensions: [DatabaseExtension] = []
    ) {
        self.name = name
        self.type = type
        self.tier = tier
        self.extensions = Set(extensions).sorted { $0.rawValue < $1.rawValue }
    }

    /// The secret that tells the app how to reach it.
    public var secret: SecretName { type.secret }

    public static func < (left: Self, right: Self) -> Bool { left.name < right.name }
}

/// The name of a service within its app: `db`.
public struct ServiceName: Name {
    public static let kind = "service name"
    public static let maximumLength = 16
    public let rawValue: String
    public init(unchecked: String) { rawValue = unchecked }
}

/// The kinds of services. An app has at most one of each.
public enum ServiceType: String, Hashable, Sendable, Codable, CaseIterable {
    /// A database of PostgreSQL.
    case postgres

    /// The secret that tells an app how to reach one.
    public var secret: SecretName {
        switch self {
        case .postgres: .databaseURL
        }
    }
}

/// Whose server a service is on.
public enum ServiceTier: String, Hashable, Sendable, Codable, CaseIterable {
    /// One that many tenants share.
    case shared
}

/// What a database may have beside PostgreSQL's own: what comes with PostgreSQL, reaches no file, network or other database,
/// and runs no other language.
public enum DatabaseExtension: String, Hashable, Sendable, Codable, CaseIterable {
    case btreeGIN = "btree_gin"
    case btreeGIST = "btree_gist"
    case citext
    case cube
    case earthdistance
    case fuzzystrmatch
    case hstore
    case intarray
    case ltree
    case pgTrigrams = "pg_trgm"
    case pgcrypto
    case unaccent
    case uuid = "uuid-ossp"
}
