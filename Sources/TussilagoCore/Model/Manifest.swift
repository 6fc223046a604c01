/// What `tussilago.toml` says of an app, parsed and checked.
public struct Manifest: Hashable, Sendable, Codable {
    /// The processes, by name.
    public var processes: [ProcessSpecification]
    /// The hostnames that Caddy serves the app at, sorted, each once.
    public var hostnames: [Hostname]
    /// The environment of every process, sorted by name.
    public var environment: [EnvironmentVariable]
    /// How long an instance that was replaced goes on serving the requests that it has, in seconds.
    public var drainSeconds: Int
    /// The secrets that every process finds as files, sorted, each once.
    @LaterList public var secrets: [SecretName]
    /// What its processes may open connections to; nil when to nothing.
    public var egress: Egress?
    /// How it is built from its source; nil for an app that is not.
    public var python: PythonBuild?
    /// What runs once before a release of a deploy serves; nil for nothing.
    public var release: [CommandArgument]?
    /// The services that it has, sorted.
    @LaterList public var services: [ServiceSpecification]
    /// What of its sandboxes is not as in the strict policy; nil for nothing.
    public var sandbox: SandboxLimits?
    /// Where Caddy answers with the app's files, sorted.
    @LaterList public var staticPaths: [StaticPath]

    /// Makes a manifest of its parts; lists are put in their order.
    public init(
        processes: [ProcessSpecification], hostnames: [Hostname] = [], environment: [EnvironmentVariable] = [],
        drainSeconds: Int = Manifest.defaultDrainSeconds, secrets: [SecretName] = [], egress: Egress? = nil,
        python: PythonBuild? = nil, release: [CommandArgument]? = nil, services: [ServiceSpecification] = [],
        sandbox: SandboxLimits? = nil, staticPaths: [StaticPath] = []
    ) {
        self.processes = processes.sorted { $0.name < $1.name }
        self.hostnames = Set(hostnames).sorted()
        self.environment = environment.sorted { $0.name < $1.name }
        self.drainSeconds = drainSeconds
        self.secrets = Set(secrets).sorted()
        self.egress = egress
        self.python = python
        self.release = release
        self.services = services.sorted()
        self.sandbox = sandbox
        self.staticPaths = staticPaths.sorted()
    }

    /// The most copies of one process that run.
    public static let counts = 1...16

    /// The same with as many copies as `other` has, of those processes whose number it does not say itself.
    public func scaled(_ silent: Set<ProcessName>, like other: Manifest?) -> Manifest {
        var manifest = self
        for (index, process) in processes.enumerated() where silent.contains(process.name) && process.schedule == nil {
            let count = other?.processes.first { $0.name == process.name }?.count
            if let count { manifest.processes[index].count = count }
        }
        return manifest
    }

    /// The same with other numbers of copies.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when there is no such process, or so many copies of it cannot run.
    public func scaled(to counts: [ProcessName: Int]) throws(PortError) -> Manifest {
        var manifest = self
        for (name, count) in counts {
            guard let index = processes.firstIndex(where: { $0.name == name }) else {
                let known = processes.map(\.name.rawValue).joined(separator: ", ")
                throw PortError(.refused, name.rawValue, cause: "there is no such process; there are: \(known)")
            }
            guard manifest.processes[index].schedule == nil else {
                throw PortError(.refused, name.rawValue, cause: "it runs on a schedule, one run at a time")
            }
            guard Self.counts.contains(count) else {
                throw PortError(
                    .refused, name.rawValue,
                    cause: "\(Self.counts.lowerBound) to \(Self.counts.upperBound) copies can run, not \(count)")
            }
            manifest.processes[index].count = count
        }
        guard !manifest.hasTooManyOnBridge else {
            throw PortError(
                .refused, "copies",
                cause: "of an app with egress at most \(AppNetwork.instances) can run, of all processes together")
        }
        return manifest
    }

    /// Whether any process needs the app's bridge.
    public var hasBridge: Bool { processes.contains(where: isOnBridge) }

    /// Whether a process needs the app's bridge: it listens on a TCP port, or the app opens connections.
    public func isOnBridge(_ process: ProcessSpecification) -> Bool {
        if case .port = process.ingress { return true }
        return egress != nil
    }

    /// Whether more instances would run on the bridge than it has addresses for.
    public var hasTooManyOnBridge: Bool {
        processes.filter(isOnBridge).map(\.count).reduce(0, +) > AppNetwork.instances
    }

    /// How long is waited where a manifest does not say.
    public static let defaultDrainSeconds = 1

    /// The secrets that its releases have: those that it names, and what its services are reached by.
    public var releaseSecrets: [SecretName] { Set(secrets + services.map(\.secret)).sorted() }

    /// The database that it asks for, if it does.
    public var database: ServiceSpecification? { services.first { $0.type == .postgres } }

    /// What runs once before a release serves, as a process: with the limits of the one that takes requests.
    public var phase: ProcessSpecification? {
        release.map {
            ProcessSpecification(
                name: .release, command: $0, limits: (ingressProcess ?? processes.first)?.limits ?? Limits())
        }
    }

    /// The process that Caddy's requests go to. At most one has an ingress.
    public var ingressProcess: ProcessSpecification? { processes.first { $0.ingress != nil } }
}

/// One process of an app.
public struct ProcessSpecification: Hashable, Sendable, Codable {
    /// Its name.
    public var name: ProcessName
    /// The program and its arguments; no shell reads them.
    public var command: [CommandArgument]
    /// How Caddy reaches it; nil when nobody does.
    public var ingress: Ingress?
    /// When it counts as ready.
    public var health: HealthCheck
    /// The most that it may use.
    public var limits: Limits
    /// How many copies run.
    public var count: Int
    /// How long one that takes no requests must have run before its start counts as good, in seconds; nil for
    /// ``usualSteadySeconds``.
    public var steadySeconds: Int?
    /// When it runs by itself, to its end; nil of what runs all the time.
    public var schedule: Schedule?
    /// How long one that has a schedule may run, in seconds; nil for ``usualRunSeconds``.
    public var runSeconds: Int?

    /// Describes a process.
    public init(
        name: ProcessName, command: [CommandArgument], ingress: Ingress? = nil, health: HealthCheck = HealthCheck(),
        limits: Limits = Limits(), count: Int = 1, steadySeconds: Int? = nil,
        schedule: Schedule? = nil, runSeconds: Int? = nil
    ) {
        self.name = name
        self.command = command
        self.ingress = ingress
        self.health = health
        self.limits = limits
        self.count = count
        self.steadySeconds = steadySeconds
        self.schedule = schedule
        self.runSeconds = runSeconds
    }

    /// Most of what fails at its start has failed by then: a module that is missing, a queue that cannot be reached.
    public static let usualSteadySeconds = 3
    /// What a manifest that says nothing gives a run.
    public static let usualRunSeconds = 600
}

/// How requests reach a process.
public enum Ingress: Hashable, Sendable, Codable {
    /// Through the Unix socket at ``socketPath``. The app has no network device at all.
    case socket
    /// Through a TCP port, on a bridge that is the app's own.
    case port(UInt16)

    /// The directory of the socket inside the sandbox.
    public static let directory = "/run/ingress"
    /// The socket's name in its directory.
    public static let socketName = "web.sock"
    /// Where the app must listen; also in its environment as `TUSSILAGO_SOCKET`.
    public static let socketPath = "\(directory)/\(socketName)"
}

/// What an instance must answer before it gets requests.
public struct HealthCheck: Hashable, Sendable, Codable {
    /// The path that is asked for; the answer must be 200 to 399.
    public var path: String
    /// How long it may take from its start to its first good answer, in seconds.
    public var timeoutSeconds: Int

    /// Describes a check.
    public init(path: String = "/", timeoutSeconds: Int = 30) {
        self.path = path
        self.timeoutSeconds = timeoutSeconds
    }

    /// Checks the text of a path: absolute, at most 200 visible ASCII characters, nothing that needs quoting anywhere.
    public static func checked(path: some StringProtocol) throws(InvalidValue) -> String {
        let allowed = Set("-._~/?=&".utf8)
        guard path.hasPrefix("/"), path.utf8.count <= 200,
            path.utf8.allSatisfy({ $0.isAlphanumeric || allowed.contains($0) })
        else {
            throw InvalidValue(
                "health path", given: path, rule: "it begins with / and has only letters, digits and - . _ ~ / ? = &")
        }
        return String(path)
    }
}

/// The most that one copy of a process may use. The kernel holds it to them.
public struct Limits: Hashable, Sendable, Codable {
    /// Memory, without swap (`MemoryMax=`).
    public var memory: Bytes
    /// Processor time, in percent of one processor (`CPUQuota=`).
    public var cpuPercent: Int
    /// Tasks of the sandbox on the host (`TasksMax=`).
    public var tasks: Int
    /// The share of input and output beside others, 1 to 10 000 (`IOWeight=`).
    public var ioWeight: Int
    /// The size of `/tmp`, which lies in memory.
    public var temporary: Bytes

    /// Describes limits.
    public init(
        memory: Bytes = .mebibytes(256), cpuPercent: Int = 100, tasks: Int = 512, ioWeight: Int = 100,
        temporary: Bytes = .mebibytes(64)
    ) {
        self.memory = memory
        self.cpuPercent = cpuPercent
        self.tasks = tasks
        self.ioWeight = ioWeight
        self.temporary = temporary
    }
}

/// One argument of a command: any printable text.
public struct CommandArgument: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The text, as the program gets it.
    public let text: String

    /// Checks an argument.
    ///
    /// Podman's generator drops an empty argument and all behind it, and leaves a lone `;` unquoted, at which systemd
    /// begins another command.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        guard !text.isEmpty, text != ";" else {
            throw InvalidValue("argument", given: text, rule: "it must be neither empty nor a lone semicolon")
        }
        self.text = try printable(text, as: "argument", limit: 4096)
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}

/// One variable of the environment.
public struct EnvironmentVariable: Hashable, Sendable, Codable {
    /// The variable's name.
    public let name: String
    /// Its value: any printable text.
    public let value: String

    /// Checks a variable. Names that begin with `TUSSILAGO_` are the platform's.
    public init(name: some StringProtocol, value: some StringProtocol) throws(InvalidValue) {
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("environment variable", given: name, rule: rule) }
        let bytes = Array(name.utf8)
        guard let first = bytes.first, first.isLowercaseLetter || first.isUppercaseLetter || first == UInt8(ascii: "_"),
            bytes.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "_") }), bytes.count <= 128
        else { throw refuse("its name has letters, digits and _, and does not begin with a digit") }
        guard !name.hasPrefix("TUSSILAGO_") else { throw refuse("names that begin with TUSSILAGO_ are the platform's") }
        self.name = String(name)
        self.value = try printable(value, as: "value", limit: 32_768)
    }

    private enum CodingKeys: String, CodingKey { case name, value }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            name: container.decode(String.self, forKey: .name), value: container.decode(String.self, forKey: .value))
    }
}

/// Refuses what no line-based format carries safely: control and format characters of all kinds.
private func printable(
    _ text: some StringProtocol, as kind: String, limit: Int
) throws(InvalidValue) -> String {
    guard text.utf8.count <= limit else {
        throw InvalidValue(kind, given: text, rule: "it has more than \(limit) bytes")
    }
    guard !text.unicodeScalars.contains(where: \.isControl) else {
        throw InvalidValue(kind, given: text, rule: "line ends and other control characters are not allowed in it")
    }
    return String(text)
}
