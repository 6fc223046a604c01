public import FoundationEssentials
public import TussilagoCore

/// The values of secrets in memory, on a host that has a key or has none.
public actor InMemorySecrets: SecretStore {
    /// The values by their credentials, each with the time when it was kept.
    public private(set) var values: [UUID: (secret: Secret, at: Date)] = [:]
    private var isThere = true
    private var now = Date(timeIntervalSince1970: 0)

    /// A store without values, of a host with a key.
    public init() {}

    /// Gives the host a key, or takes it away.
    public func setKey(_ isThere: Bool) { self.isThere = isThere }

    /// The time that the values are from that are kept from here on; long ago if nobody says.
    public func setTime(_ now: Date) { self.now = now }

    public func keep(_ secret: Secret, as credential: UUID) throws(PortError) {
        guard isThere else { throw PortError(.noKey, "secrets", cause: "this host has no key to encrypt them with") }
        values[credential] = (secret, now)
    }

    public func open(_ credential: UUID) throws(PortError) -> Secret {
        guard let value = values[credential] else {
            throw PortError(.notFound, "secrets", cause: "a value is not there any more")
        }
        return value.secret
    }

    public func stored() -> [UUID: Date] { values.mapValues(\.at) }

    public func remove(_ credentials: [UUID]) { for credential in credentials { values[credential] = nil } }

    public func hasKey() -> Bool { isThere }
}
