public import FoundationEssentials

/// The number of a release within its app, from 1. Numbers are never used again.
public struct ReleaseNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int

    /// Takes a number from 1 to 999 999 999; nil for any other.
    public init?(rawValue: Int) {
        guard (1...999_999_999).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// The first release of every app.
    public static let first = ReleaseNumber(unchecked: 1)

    private init(unchecked: Int) { rawValue = unchecked }

    /// The number after this one; the last number is its own successor, and the ledger refuses a number twice.
    public var next: ReleaseNumber { ReleaseNumber(rawValue: rawValue + 1) ?? self }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var description: String { String(rawValue) }
}

/// One immutable version of an app: what it runs, how it is configured, and the text of its units.
public struct Release: Hashable, Sendable, Codable {
    /// The release's id, for the outside.
    public let id: UUID
    /// The app that it is a release of.
    public let app: AppReference
    /// Its number within the app.
    public let number: ReleaseNumber
    /// What it runs.
    public let artefact: Artefact
    /// How it is configured.
    public let manifest: Manifest
    /// The quadlet template of each process. Kept with the release, so that going back brings the exact text back.
    public let templates: [ProcessName: Template]
    /// Where it comes from; nil of one that an earlier version made.
    public let origin: Origin?
    /// The values of its secrets, by name: the manifest's, each in the version that it was made with.
    @LaterList public private(set) var secrets: [SecretVersion]

    /// Who made a release, when and why.
    public struct Origin: Hashable, Sendable, Codable {
        /// When it was made.
        public let at: Date
        /// Who asked for it: a name for the outside.
        public let caller: String
        /// Why: what was asked for, or what was said when it was asked for.
        public let reason: String
        /// The operation that made it.
        public let operation: UUID

        /// Describes an origin.
        public init(at: Date, caller: String, reason: String, operation: UUID) {
            self.at = at
            self.caller = caller
            self.reason = reason
            self.operation = operation
        }
    }

    /// A process's quadlet: its generation is part of the unit's name, so that no name ever has two contents.
    public struct Template: Hashable, Sendable, Codable {
        /// 1 for the first text of a process, one more for each other text.
        public let generation: Int
        /// The quadlet file's text.
        public let text: String

        /// Ties a text to its generation.
        public init(generation: Int, text: String) {
            self.generation = generation
            self.text = text
        }
    }

    /// Makes a release of its parts.
    public init(
        id: UUID, app: AppReference, number: ReleaseNumber, artefact: Artefact, manifest: Manifest,
        templates: [ProcessName: Template], origin: Origin? = nil, secrets: [SecretVersion] = []
    ) {
        self.id = id
        self.app = app
        self.number = number
        self.artefact = artefact
        self.manifest = manifest
        self.templates = templates
        self.origin = origin
        self.secrets = secrets.sorted()
    }

    /// Every copy of every process that shall run, in the manifest's order.
    public var instances: [Instance] {
        manifest.processes.flatMap { process in
            (1...max(1, process.count)).map { copy in
                Instance(
                    app: app, process: process.name, generation: templates[process.name]?.generation ?? 1,
                    release: number, copy: copy, isScheduled: process.schedule != nil)
            }
        }
    }

    /// What runs once before it serves; nil for nothing.
    public var phase: Instance? {
        templates[.release].map {
            Instance(app: app, process: .release, generation: $0.generation, release: number)
        }
    }

    /// The instances that Caddy's requests go to, the first copy first; none if the app takes no requests.
    public var ingressInstances: [Instance] {
        guard let ingress = manifest.ingressProcess else { return [] }
        return instances.filter { $0.process == ingress.name }
    }
}
