public import FoundationEssentials
public import TussilagoCore

/// A service of an app, as the API shows it. How it is reached is a secret of the app's.
public struct ServiceResource: Hashable, Sendable, Codable {
    public var name: ServiceName
    public var type: ServiceType
    public var tier: ServiceTier
    /// The secret that tells the app how to reach it.
    public var secret: SecretName
    /// When it was asked for first.
    public var createdAt: Date
    /// Whether the current release has it.
    public var used: Bool
    /// How many bytes it takes of the disk; absent while its server does not answer.
    public var size: Int64?
    /// How many connections to it there are; absent while its server does not answer.
    public var connections: Int?

    /// Shows a service.
    public init(_ service: ServiceRecord, used: Bool, look: DatabaseLook?) {
        name = service.name
        type = service.type
        tier = service.tier
        secret = service.type.secret
        createdAt = service.createdAt
        self.used = used
        size = look?.size.count
        connections = look?.connections
    }
}
