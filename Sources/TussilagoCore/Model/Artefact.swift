/// What a release runs.
///
/// Images are named by what they contain, never by a tag: a tag that moves later changes no release.
public enum Artefact: Hashable, Sendable, Codable {
    /// An image of the host's storage, as it is.
    case image(ImageIdentity)
    /// An image, and a tree of files that is mounted read-only at ``filesMountPoint``.
    case imageWithFiles(ImageIdentity, tree: Digest)

    /// Where an app finds its files.
    public static let filesMountPoint = "/app"

    /// The image that the sandbox's root file system is made from.
    public var image: ImageIdentity {
        switch self {
        case .image(let image), .imageWithFiles(let image, _): image
        }
    }

    /// The tree of files, if there is one.
    public var tree: Digest? {
        switch self {
        case .image: nil
        case .imageWithFiles(_, let tree): tree
        }
    }
}

/// An image as the host's storage holds it.
public struct ImageIdentity: Hashable, Sendable, Codable {
    /// The name that it was asked for by, for people.
    public let reference: ImageReference
    /// Podman's image id: the digest of the image's configuration, and so of all of its layers.
    public let digest: Digest

    /// Ties a name to what it meant when it was resolved.
    public init(reference: ImageReference, digest: Digest) {
        self.reference = reference
        self.digest = digest
    }
}
