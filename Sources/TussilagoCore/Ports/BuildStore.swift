/// The archives of sources, and the places of builds.
public protocol BuildStore: Sendable {
    /// Begins to take an archive in. What it is, is seen at its end.
    func receive(_ source: Digest, of tenant: TenantName, limit: Bytes) async throws(PortError) -> any SourceWriting
    /// How large an archive is; nil when it is not there.
    func size(of source: Digest, of tenant: TenantName) async throws(PortError) -> Bytes?
    /// Makes what a build finds; the same again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when its source is not there.
    func prepare(_ build: Build, limits: BuildLimits) async throws(PortError)
    /// Takes what a build has made into the store of trees, by its content.
    /// - Parameter owner: the host's number of the user to whom all of it must belong.
    /// - Throws: ``PortError/Code-swift.enum/refused`` for what is no tree of plain files, or over the limits.
    func take(_ build: Build, ownedBy owner: UInt32, limits: BuildLimits) async throws(PortError) -> BuiltSource
    /// Removes what ``prepare(_:limits:)`` made; nothing if it is not there.
    func clear(_ build: Build) async throws(PortError)
    /// Removes all archives of a tenant.
    func removeSources(of tenant: TenantName) async throws(PortError)
    /// Removes archives that no release refers to, and what is left of builds that are over.
    /// - Parameter kept: the archives that are referred to, by tenant.
    /// - Returns: how many archives were removed.
    func collect(except kept: [TenantName: Set<Digest>], removing: Bool) async throws(PortError) -> Int
}

/// An archive that comes in, piece by piece.
public protocol SourceWriting: Sendable {
    /// Writes a piece.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when it is larger than it may be.
    func write(_ bytes: [UInt8]) async throws(PortError)
    /// Keeps what came, if it is what was announced.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when its digest is another.
    func finish() async throws(PortError)
    /// Throws away what came.
    func abandon() async
}
