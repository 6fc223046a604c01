public import FoundationEssentials

/// The values of secrets: encrypted under a key of the host, each in a credential of its own that has an id for a name.
public protocol SecretStore: Sendable {
    /// Encrypts a value, and keeps it. It is on the disk when the call returns.
    /// - Throws: ``PortError/Code-swift.enum/noKey`` when the host has no key: then nothing is kept.
    func keep(_ secret: Secret, as credential: UUID) async throws(PortError)
    /// Decrypts a value.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such credential,
    ///   ``PortError/Code-swift.enum/noKey`` when the host's key is not the one that it was encrypted with.
    func open(_ credential: UUID) async throws(PortError) -> Secret
    /// The credentials that are there, each with the time when it was written.
    func stored() async throws(PortError) -> [UUID: Date]
    /// Removes credentials; those that are not there are no error.
    func remove(_ credentials: [UUID]) async throws(PortError)
    /// Whether the host has a key.
    func hasKey() async -> Bool
}
