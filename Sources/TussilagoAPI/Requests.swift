public import TussilagoCore

// What crosses the socket in requests. Every write may carry an `Idempotency-Key` header.

/// `POST /v1/tenants` and `POST /v1/tenants/{tenant}/apps`.
public struct CreateRequest: Hashable, Sendable, Codable {
    public var name: String

    /// Asks for something new by name.
    public init(name: String) { self.name = name }
}

/// `POST /v1/tenants/{tenant}/apps/{app}/releases`, and the same under `…/plan`.
public struct DeployRequest: Hashable, Sendable, Codable {
    /// The text of `tussilago.toml`.
    public var manifest: String
    /// An image of the host's storage; the manifest's when absent.
    public var image: String?
    /// An absolute path on the host: its content is copied.
    public var files: String?
    /// The digest of a source's archive, which was uploaded before: it is built.
    public var source: Digest?
    /// Why it is made; shown in the list of releases.
    public var note: String?

    /// Asks for a release.
    public init(
        manifest: String, image: String? = nil, files: String? = nil, source: Digest? = nil, note: String? = nil
    ) {
        self.manifest = manifest
        self.image = image
        self.files = files
        self.source = source
        self.note = note
    }
}

/// `POST /v1/tenants/{tenant}/apps/{app}/scale`.
public struct ScaleRequest: Hashable, Sendable, Codable {
    /// How many copies of which process shall run.
    public var processes: [String: Int]

    /// Asks for numbers of copies.
    public init(processes: [String: Int]) { self.processes = processes }
}

/// `POST /v1/tenants/{tenant}/apps/{app}/rollback`.
public struct RollbackRequest: Hashable, Sendable, Codable {
    /// The release to go back to; without it the one before the current.
    public var release: ReleaseNumber?

    /// Asks for an earlier release.
    public init(release: ReleaseNumber? = nil) { self.release = release }
}

/// `PUT /v1/runtimes/{version}`.
public struct RuntimeRequest: Hashable, Sendable, Codable {
    /// An image of the host's storage that the runtime is from now on; the one that it is already when absent.
    public var image: String?
    /// Whether apps get it that do not say which they need.
    public var isDefault: Bool?

    /// Asks for a runtime.
    public init(image: String? = nil, isDefault: Bool? = nil) {
        self.image = image
        self.isDefault = isDefault
    }

    private enum CodingKeys: String, CodingKey {
        case image
        case isDefault = "default"
    }
}

/// `PUT /v1/tenants/{tenant}/egress`.
public struct EgressRequest: Hashable, Sendable, Codable {
    /// `none`, `list` or `internet`.
    public var egress: EgressGrant

    /// Asks for a grant.
    public init(egress: EgressGrant) { self.egress = egress }
}

/// `POST /v1/tenants/{tenant}/domains`.
public struct DomainRequest: Hashable, Sendable, Codable {
    /// The hostname.
    public var hostname: String
    /// Whether the caller, an admin of the host, knows it to be the tenant's: then it needs no record.
    public var vouch: Bool?

    /// Asks for a domain.
    public init(hostname: String, vouch: Bool? = nil) {
        self.hostname = hostname
        self.vouch = vouch
    }
}

/// `POST /v1/restore`.
public struct RestoreRequest: Hashable, Sendable, Codable {
    /// An absolute path on the host: a file that a backup was written to.
    public var file: String
    /// An absolute path on the host: the key that the backup's secrets were encrypted with. Without it apps get none.
    public var secretsKey: String?

    /// Asks for a backup to be restored.
    public init(file: String, secretsKey: String? = nil) {
        self.file = file
        self.secretsKey = secretsKey
    }
}
