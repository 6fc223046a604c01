public import TussilagoCore

/// An archive of a source, as the agent has it.
public struct SourceResource: Hashable, Sendable, Codable {
    public var digest: String
    /// In bytes.
    public var size: Int64

    /// Describes an archive.
    public init(_ digest: Digest, size: Bytes) {
        self.digest = digest.description
        self.size = size.count
    }
}

/// An image that Python apps are built for and run in.
public struct RuntimeResource: Hashable, Sendable, Codable {
    /// The version of Python by which apps name it.
    public var version: String
    /// The image's digest.
    public var image: String
    /// Whether apps get it that do not say which they need.
    public var isDefault: Bool

    /// Describes a runtime.
    public init(version: PythonVersion, image: Digest, isDefault: Bool) {
        self.version = version.description
        self.image = image.description
        self.isDefault = isDefault
    }

    private enum CodingKeys: String, CodingKey {
        case version, image
        case isDefault = "default"
    }
}
