public import FoundationEssentials

/// Caddy: which hostnames lead where.
public protocol Routing: Sendable {
    /// What Caddy starts with: the table that was published last.
    func published() async throws(PortError) -> RouteTable
    /// Makes `table` what Caddy serves, now and after its next start, in one write; unchanged, in none.
    func publish(_ table: RouteTable) async throws(PortError)
    /// Sees that Caddy answers at hostnames with what an app says to a path, as anybody would ask for it.
    /// - Throws: ``PortError/Code-swift.enum/refused`` naming the first hostname at which it does not.
    func probe(_ hostnames: [String], path: String) async throws(PortError)
    /// The published hostnames that a part of Caddy's configuration claims as well that is not the platform's.
    func foreignHostnames() async throws(PortError) -> [String]
}

/// What Podman stores: images, and the bridges of apps.
public protocol ImageStore: Sendable {
    /// What a name means now.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when no such image is in the storage.
    func resolve(_ reference: ImageReference) async throws(PortError) -> ImageIdentity
    /// Every image in the storage, with the names that mean it now.
    func stored() async throws(PortError) -> [Digest: Set<String>]
    /// Gives an image one more name, which means no other from then on.
    func name(_ image: Digest, _ name: ImageReference) async throws(PortError)
    /// Lets images go that were kept for releases, but for those of `needed`; they stay if they have other names.
    /// - Returns: how many were let go.
    func release(except needed: Set<Digest>) async throws(PortError) -> Int
    /// The bridges of apps that Podman has. It keeps them when their unit is not there to take them away, as after a boot.
    func bridges() async throws(PortError) -> Set<AppReference>
    /// Removes the bridge of an app; none is no error.
    func removeBridge(of app: AppReference) async throws(PortError)
}

/// The journal, for reading.
public protocol LogReader: Sendable {
    /// The last lines that an instance's app wrote in its newest run, oldest first, fit to be shown on a terminal.
    func tail(_ unit: UnitName, lines: Int) async throws(PortError) -> [String]
    /// Why an instance did not get ready since `begin`, as the platform's own programs have it; nil when they said
    /// nothing. Nothing that the app writes is taken for theirs.
    func obstacle(of unit: UnitName, since begin: Date) async throws(PortError) -> StartObstacle?
}

/// What kept an instance from getting ready.
public struct StartObstacle: Hashable, Sendable {
    /// It, in words.
    public let text: String
    /// Whether the app ended by itself: how it ended is the reason then.
    public let appEnded: Bool

    /// Describes an obstacle.
    public init(text: String, appEnded: Bool) {
        self.text = text
        self.appEnded = appEnded
    }
}
