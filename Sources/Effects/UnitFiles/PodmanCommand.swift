internal import TussilagoCore

/// The `podman run` that a generated service starts an instance with: the proof of how the instance is confined.
struct PodmanCommand {
    /// Podman's options in the form `--name` or `--name=value`, without ``entrypoint``.
    private let options: [String]
    /// The program that the container runs in place of the image's own.
    private let entrypoint: String?
    /// What stands behind the image: the app's arguments.
    private let arguments: [String]

    /// Why a command is not fit to be installed, in words.
    struct Unfit: Error, Equatable {
        let reason: String
    }

    /// The image of every template: its id comes from the release, by the unit's environment.
    private static let image = "${TUSSILAGO_IMAGE}"

    /// Reads the command of a generated service.
    init(service: UnitSections) throws(Unfit) {
        let lines = service.values(of: "ExecStart", in: "Service")
        guard lines.count == 1, let line = lines.first else { throw Unfit(reason: "it has \(lines.count) commands") }
        let commands = try Self.split(line)
        // A `;` among the app's arguments comes out of the generator unquoted, and would begin a command of the host's.
        guard commands.count == 1, let words = commands.first else {
            throw Unfit(reason: "an argument that is a single ; cannot be passed on by Podman's generator")
        }
        guard words.first == "/usr/bin/podman" || words.first == "/bin/podman" else {
            throw Unfit(reason: "it does not start Podman")
        }
        var options: [String] = []
        var entrypoint: String?
        var rest = words.dropFirst()
        while let word = rest.popFirst(), word != Self.image {
            if word == "--entrypoint", entrypoint == nil {
                // Its value is the app's, and may look like an option.
                entrypoint = rest.popFirst()
            } else if word.hasPrefix("--") || word == "-v", let value = rest.first, Self.isValue(value) {
                options.append("\(word)=\(value)")
                rest.removeFirst()
            } else {
                options.append(word)
            }
        }
        guard words.contains(Self.image) else { throw Unfit(reason: "it does not run the release's image") }
        self.options = options
        self.entrypoint = entrypoint
        arguments = Array(rest)
    }

    /// Whether a word is the value of the option before it, rather than an option, Podman's verb or the image.
    private static func isValue(_ word: String) -> Bool { !word.hasPrefix("-") && word != "run" && word != image }

    /// Holds the command against the policy, and against what the quadlet of one of the app's processes asks for.
    func verify(
        policy: SandboxPolicy, users: UserRange, app: AppReference, isBuild: Bool = false, quadlet: UnitSections
    ) throws(Unfit) {
        let bridge = app.target.stem
        let hasBridge = quadlet.values(of: "Network", in: "Container") == ["\(bridge).network"]
        let network = hasBridge ? bridge : SandboxPolicy.isolated
        let closedDevices = options.contains("--read-only-tmpfs=false")
        for required in policy.requiredArguments(users: users, network: network, closedDevices: closedDevices) {
            let wanted = required.joined(separator: "=")
            let name = Self.name(of: wanted)
            let given = options.filter { Self.name(of: $0) == name }
            guard given.contains(wanted) else { throw Unfit(reason: "\(wanted) is missing from its command") }
            guard given.count == 1 else { throw Unfit(reason: "\(name) stands in its command \(given.count) times") }
        }
        let volumes = isBuild ? BuildTemplate.volumes(of: app) : ProcessTemplate.volumes(of: app)
        for option in options {
            let name = Self.name(of: option)
            guard !SandboxPolicy.forbiddenArguments.contains(name), Self.isLong(name) || Self.isShort(name) else {
                throw Unfit(reason: "\(name) must not be in its command")
            }
            guard name != "-v" && name != "--volume" || volumes.contains(String(option.dropFirst(name.count + 1)))
            else {
                throw Unfit(reason: "\(option) must not be in its command")
            }
        }
        guard try entrypoint.map(Self.literal) == Self.words("Entrypoint", of: quadlet)?.first,
            try arguments.map(Self.literal) == Self.words("Exec", of: quadlet) ?? []
        else {
            // Podman 5.4 drops an empty argument with all that follow it, and doubles the escapes of the entrypoint.
            throw Unfit(
                reason:
                    "its command cannot be passed on by Podman's generator: an argument is empty, or its first word "
                    + "has a quote or a backslash in it")
        }
    }

    /// A word that is no option is Podman's verb, or a value that was taken for none.
    private static func isLong(_ name: String) -> Bool { name.hasPrefix("--") || !name.hasPrefix("-") }

    /// `-p80:80` and `-dP` are options as well, and have no name that could be told from their value.
    private static func isShort(_ name: String) -> Bool { SandboxPolicy.shortArguments.contains(name) }

    private static func name(of option: String) -> String {
        option.firstIndex(of: "=").map { String(option[..<$0]) } ?? option
    }

    /// The words that a key of the quadlet asks for, as the app shall get them; nil when the key is not there.
    private static func words(_ key: String, of quadlet: UnitSections) throws(Unfit) -> [String]? {
        guard let line = quadlet.values(of: key, in: "Container").last else { return nil }
        var words: [String] = []
        for word in try split(line).joined(separator: [";"]) { words.append(try literal(word)) }
        return words
    }

    private static func split(_ line: String) throws(Unfit) -> [[String]] {
        do { return try CommandLine.split(line) } catch {
            throw Unfit(reason: "its command is malformed: \(error.reason)")
        }
    }

    /// A word of the app's has no specifier and no variable: those would show it something of the host.
    private static func literal(_ word: String) throws(Unfit) -> String {
        guard let literal = CommandLine.literal(word) else {
            throw Unfit(reason: "a word of its command has a specifier or a variable in it")
        }
        return literal
    }
}
