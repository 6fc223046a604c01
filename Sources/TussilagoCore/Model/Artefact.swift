/// What a release runs.
///
/// Images are named by what they contain, never by a tag: a tag that moves later changes no release.
public enum Artefact: Hashable, Sendable, Codable {
    /// An image of the host's storage, as it is.
    case image(ImageIdentity)
    /// An image, and a tree of files that is mounted read-only at ``filesMountPoint``.
    case imageWithFiles(ImageIdentity, tree: Digest)
    /// A runtime's image, and what was built of a source for it.
    case source(ImageIdentity, built: BuiltSource)

    /// Where an app finds its files.
    public static let filesMountPoint = "/app"
    /// Where an app that was built finds the packages that were installed for it.
    public static let packagesMountPoint = "/packages"

    /// The image that the sandbox's root file system is made from.
    public var image: ImageIdentity {
        switch self {
        case .image(let image), .imageWithFiles(let image, _), .source(let image, _): image
        }
    }

    /// The tree of files, if there is one.
    public var tree: Digest? {
        switch self {
        case .image: nil
        case .imageWithFiles(_, let tree): tree
        case .source(_, let built): built.tree
        }
    }

    /// What was built of a source; nil of what was not built.
    public var built: BuiltSource? { if case .source(_, let built) = self { built } else { nil } }

    /// All trees that it needs.
    public var trees: [Digest] { [tree, built?.packages].compactMap { $0 } }
}

/// What a build made of a source.
public struct BuiltSource: Hashable, Sendable, Codable {
    /// The source's archive.
    public let source: Digest
    /// The tree of the app's own files.
    public let tree: Digest
    /// The tree of the packages that were installed for it; nil when it asks for none.
    public let packages: Digest?
    /// What the packages follow from: the same key is the same packages, and nothing is installed anew.
    public let key: Digest

    /// Ties what was built to what it was built of.
    public init(source: Digest, tree: Digest, packages: Digest?, key: Digest) {
        self.source = source
        self.tree = tree
        self.packages = packages
        self.key = key
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
