public import FoundationEssentials

/// Archives of all that the platform has on a host: written whole, and read whole or refused.
public protocol ArchiveStore: Sendable {
    /// Writes an archive, and gives it to be read.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when a file tree is not there any more.
    func write(_ contents: ArchiveContents) async throws(PortError) -> any ArchiveReading
    /// Reads all of an archive on the host. Nothing is changed.
    /// - Throws: ``PortError/Code-swift.enum/damaged`` when it is not as it was written, from its first byte to its last;
    ///   ``PortError/Code-swift.enum/refused`` when it is of a newer version.
    func verify(_ path: String) async throws(PortError) -> VerifiedArchive
    /// Copies an archive's ledger to a file, in place of what has its name.
    func extractLedger(_ archive: VerifiedArchive, to path: String) async throws(PortError)
    /// The values of secrets in an archive, by their credentials, decrypted with the key in a file of this host; none
    /// when it was made without a key.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when it is another key.
    func secrets(of archive: VerifiedArchive, key path: String) async throws(PortError) -> [UUID: Secret]
    /// Copies an archive's file trees to their places; those that are there already stay.
    func importTrees(_ archive: VerifiedArchive) async throws(PortError)
}

/// What goes into an archive.
public struct ArchiveContents: Sendable {
    /// What it begins with.
    public let header: ArchiveHeader
    /// The path of a copy of the ledger that nobody writes to.
    public let ledger: String
    /// The next of the texts, such as those of an app, each with its name in the archive; nil when there are no more.
    public let texts: @Sendable () async throws(PortError) -> [(name: String, text: String)]?
    /// The path of the key that secrets are encrypted with; without one, their values are not in it.
    public let secretsKey: String?
    /// The next value of a secret, and its credential; nil when there are no more.
    public let secrets: @Sendable () async throws(PortError) -> (credential: UUID, value: Secret)?
    /// The file trees that releases refer to.
    public let trees: @Sendable () async throws(PortError) -> [Digest]

    /// Describes it; `trees` is asked for after the last text.
    public init(
        header: ArchiveHeader, ledger: String, secretsKey: String? = nil,
        secrets: @escaping @Sendable () async throws(PortError) -> (credential: UUID, value: Secret)? = { nil },
        texts: @escaping @Sendable () async throws(PortError) -> [(name: String, text: String)]?,
        trees: @escaping @Sendable () async throws(PortError) -> [Digest]
    ) {
        self.header = header
        self.ledger = ledger
        self.secretsKey = secretsKey
        self.secrets = secrets
        self.texts = texts
        self.trees = trees
    }
}

/// What an archive begins with.
public struct ArchiveHeader: Hashable, Sendable, Codable {
    /// The version of the format.
    public let format: Int
    /// When it was made, in whole seconds.
    public let createdAt: Date
    /// The version of the agent that made it.
    public let version: String

    /// The newest version of the format that this program reads.
    public static let currentFormat = 2
    /// The version without secrets, which earlier programs read as well.
    public static let formatWithoutSecrets = 1

    /// Describes an archive.
    public init(createdAt: Date, version: String, format: Int = ArchiveHeader.formatWithoutSecrets) {
        self.format = format
        self.createdAt = Date(timeIntervalSince1970: createdAt.timeIntervalSince1970.rounded(.down))
        self.version = version
    }
}

/// An archive to be read from its beginning to its end, once.
public protocol ArchiveReading: Sendable {
    /// How many bytes it has.
    var size: Int { get }
    /// The next bytes; nil at the end.
    func next() async throws(PortError) -> [UInt8]?
}

/// An archive of which every byte was read, and found to be as it was written.
public struct VerifiedArchive: Hashable, Sendable {
    /// Where it lies.
    public let path: String
    /// What it begins with.
    public let header: ArchiveHeader
    /// The SHA-256 of all of it: by that a file that changes after it was verified is noticed.
    public let digest: Digest
    /// The file trees in it.
    public let trees: [Digest]

    /// Describes it.
    public init(path: String, header: ArchiveHeader, digest: Digest, trees: [Digest]) {
        self.path = path
        self.header = header
        self.digest = digest
        self.trees = trees
    }
}
