public import FoundationEssentials

/// One customer of the host: whose apps, ids and limits are kept apart from all others'.
public struct Tenant: Hashable, Sendable, Codable {
    /// The tenant's id, for the outside.
    public let id: UUID
    /// The tenant's name.
    public let name: TenantName
    /// The host's user ids that its apps run as.
    public let users: UserRange
    /// The most that it may have. Not what it is known by.
    public var quota = Quota()
    /// What its apps may have beyond the strict policy; nil for nothing. Not what it is known by.
    public var loosening: Loosening?

    /// Makes a tenant of its parts.
    public init(id: UUID, name: TenantName, users: UserRange) {
        self.id = id
        self.name = name
        self.users = users
    }
}

/// An app of a tenant. What it runs is in its releases.
public struct App: Hashable, Sendable, Codable {
    /// The app's id, for the outside.
    public let id: UUID
    /// The app's full name.
    public let reference: AppReference
    /// The bridge that is the app's own, should it listen on a TCP port.
    public let network: AppNetwork

    /// Makes an app of its parts.
    public init(id: UUID, reference: AppReference, network: AppNetwork) {
        self.id = id
        self.reference = reference
        self.network = network
    }
}
