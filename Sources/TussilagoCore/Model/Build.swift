public import FoundationEssentials

/// One build of a source: what is done in a sandbox of its own before there is a release.
public struct Build: Hashable, Sendable {
    /// The operation that it is done for, and what it is named after.
    public let id: UUID
    /// The app.
    public let app: AppReference
    /// The source's archive.
    public let source: Digest
    /// What is to be built.
    public let python: PythonBuild
    /// The runtime's image, by its digest.
    public let image: Digest
    /// What the release that serves has, if it was built for the same image: it need not be installed again.
    public let known: BuiltSource?

    /// Describes a build.
    public init(
        id: UUID, app: AppReference, source: Digest, python: PythonBuild, image: Digest, known: BuiltSource? = nil
    ) {
        self.id = id
        self.app = app
        self.source = source
        self.python = python
        self.image = image
        self.known = known
    }

    /// What stands behind the `@` of its unit: the first sixteen digits of the operation's id.
    public var instanceName: String {
        String(id.lowercased.utf8.filter { $0 != UInt8(ascii: "-") }.prefix(16).map { Character(Unicode.Scalar($0)) })
    }

    /// Its service.
    public var unit: UnitName { UnitName(unchecked: "\(Self.template(of: app).stem)@\(instanceName)", .service) }

    /// The template of an app's builds. No process has its name.
    public static func template(of app: AppReference) -> TemplateName {
        TemplateName(app: app, process: .build, generation: 1)
    }
}

extension ProcessName {
    /// The builds of an app, as far as they have units.
    public static let build = ProcessName(unchecked: "build")
    /// What runs once before a release serves, as far as it has a unit.
    public static let release = ProcessName(unchecked: "release")
    /// The names that no process of a manifest can have.
    public static let reserved: Set = [build, release]
}

/// The most that a build may use.
public struct BuildLimits: Hashable, Sendable {
    /// Memory of the sandbox, with what it leaves: that lies in memory until the build has ended.
    public var memory = Bytes.mebibytes(1536)
    /// The size of what it leaves: the app's files and its packages.
    public var output = Bytes.mebibytes(512)
    /// Files and directories that it leaves.
    public var entries = 100_000
    /// Processor time, in percent of one processor.
    public var cpuPercent = 200
    /// Tasks of the sandbox on the host.
    public var tasks = 1024
    /// How long it may take, in seconds.
    public var seconds = 600
    /// How deep directories may be nested.
    public static let depth = 32

    /// The usual limits.
    public init() {}
}
