/// Reads what people write: manifests.
public protocol ManifestReader: Sendable {
    /// Parses a manifest. `image` and the app come from the request; what the request says counts before the text.
    func manifest(_ text: String) -> Result<ParsedManifest, DocumentErrors>
}

/// What a manifest's text says.
public struct ParsedManifest: Hashable, Sendable {
    /// The manifest.
    public var manifest: Manifest
    /// The image that it names, if it does.
    public var image: ImageReference?
    /// The app that it is of, if it says so.
    public var app: AppReference?
    /// The processes of which it does not say how many copies run.
    public var scaled: Set<ProcessName>

    /// Makes it of its parts.
    public init(
        manifest: Manifest, image: ImageReference?, app: AppReference? = nil, scaled: Set<ProcessName> = []
    ) {
        self.manifest = manifest
        self.image = image
        self.app = app
        self.scaled = scaled
    }
}

/// Everything that is wrong with a text, in the order of its lines.
public struct DocumentErrors: Error, Hashable, Sendable {
    /// The mistakes, at least one.
    public var mistakes: [Mistake]

    /// Gathers mistakes.
    public init(_ mistakes: [Mistake]) {
        self.mistakes = mistakes.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    /// One mistake in a text.
    public struct Mistake: Hashable, Sendable, Codable {
        /// The line, from 1.
        public let line: Int
        /// The column in characters, from 1.
        public let column: Int
        /// The key that it is about, with dots: `processes.web.command`; empty for a mistake of syntax.
        public let key: String
        /// What is wrong, and what would be right.
        public let message: String

        /// Describes a mistake.
        public init(line: Int, column: Int, key: String, message: String) {
            self.line = line
            self.column = column
            self.key = key
            self.message = message
        }
    }
}
