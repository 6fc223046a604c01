public import TussilagoCore

/// How the agent of this host is set up: `tussilagod.toml`, and the defaults for all that it does not say.
public struct Settings: Sendable, Equatable {
    /// `[agent]`: the agent itself.
    public var agent = Agent()
    /// `[api]`: what one caller of the API may do.
    public var api = API()
    /// `[caddy]`: the server in front of the apps.
    public var caddy = CaddyConfiguration()
    /// `[egress]`: the connections that apps open.
    public var egress = Egress()
    /// `[files]`: the file trees that come with deploys.
    public var files = Files()
    /// `[hostnames]`: how hostnames are handed to tenants.
    public var hostnames = HostnamePolicy()
    /// `[podman]`: the engine that stores images.
    public var podman = Podman()
    /// `[python]`: how Python apps are built from their source.
    public var python = Python()
    /// `[reconcile]`: what becomes of what is not as it shall be.
    public var reconcile = Reconcile()

    /// The defaults.
    public init() {}

    /// The agent itself.
    public struct Agent: Sendable, Equatable {
        /// How long the agent stays without any work; nil when it never exits by itself.
        public var idle: Duration? = .seconds(30)
        /// How many operations run at once.
        public var operations = 4
        /// How long an operation may take until what is new serves.
        public var deadline: Duration = .seconds(30 * 60)
    }

    /// What one caller of the API may do.
    public struct API: Sendable, Equatable {
        /// The largest body of a request.
        public var body = Bytes(512 << 10)
        /// How many connections one user of the host may hold.
        public var connectionsPerUser = 64
        /// How many requests a second one caller may send on and on; root may send any number.
        public var requestsPerSecond = 20
        /// How many of them at once.
        public var burst = 100
        /// How long a connection may be without a request.
        public var idle: Duration = .seconds(30)
        /// How long a request may take to come in.
        public var read: Duration = .seconds(10)
    }

    /// The connections that apps open.
    public struct Egress: Sendable, Equatable {
        /// Whom apps ask for names that may reach every public address: addresses of IPv4. They are public as well.
        public var resolvers = ["9.9.9.9", "1.1.1.1"]
    }

    /// The most that a file tree may be.
    public struct Files: Sendable, Equatable {
        /// Its bytes together.
        public var size = Bytes.mebibytes(64)
        /// Its files and directories.
        public var entries = 10_000
    }

    /// The engine that stores images.
    public struct Podman: Sendable, Equatable {
        /// The Unix socket of its API.
        public var socket = "/run/podman/podman.sock"
    }

    /// How Python apps are built from their source.
    public struct Python: Sendable, Equatable {
        /// The path of uv; nil for the usual places.
        public var uv: String?
        /// A directory of wheels that packages are installed from; nil for none.
        public var wheels: String?
        /// The largest archive of a source.
        public var source = Bytes.mebibytes(256)
        /// The most that a build may use.
        public var limits = BuildLimits()
    }

    /// What becomes of what is not as it shall be.
    public struct Reconcile: Sendable, Equatable {
        /// Whether it is repaired, or only told.
        public var repair = true
    }

    /// Reads the settings of a host.
    ///
    /// As with systemd's own files, `/etc/tussilago`, `/run/tussilago` and `/usr/lib/tussilago` are looked into in this
    /// order. The first `tussilagod.toml` counts alone. Files in `tussilagod.toml.d` are laid over it by the order of their
    /// names, wherever they are; of two with one name the first directory's counts (systemd.unit(5), systemd-system.conf(5)).
    /// - Parameter root: The directory that stands for `/`, without a slash at its end.
    /// - Returns: The settings, with a default for all that no file says.
    /// - Throws: ``SettingsError`` with every mistake of all files.
    public static func load(root: String = "") throws(SettingsError) -> Settings {
        let mistakes = MistakeList()
        var input: DocumentNode?
        for fragment in SettingsFiles(root: root).fragments(mistakes) {
            input = input?.overlaid(by: fragment) ?? fragment
        }
        let settings = input.map { Settings(input: $0, mistakes: mistakes) } ?? Settings()
        guard mistakes.isEmpty else { throw SettingsError(mistakes) }
        return settings
    }
}
