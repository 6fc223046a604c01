internal import FoundationEssentials
internal import TussilagoCore

/// What builds need of the host, besides the runtime's image.
public struct BuildTools: Sendable {
    /// The paths at which uv is looked for.
    public var uv: [String]
    /// A directory of wheels that packages are installed from; nil for none.
    public var wheels: String?

    /// Names what there is.
    public init(uv: [String] = BuildTools.usualPlaces, wheels: String? = nil) {
        self.uv = uv
        self.wheels = wheels
    }

    /// Where packages, and people, put uv.
    public static let usualPlaces = ["/usr/bin/uv", "/usr/local/bin/uv"]
}

/// The directory of one build: `builds/TENANT/APP/NAME`, which its unit reaches through `%i`.
struct BuildPlace {
    let root: HostRoot
    let tools: BuildTools

    /// What the builder in the sandbox is told.
    private struct Order: Encodable {
        let source: String
        let known: String?
        let requirements: String?
        let packages: [String]
        let commands: [[String]]
        let limits: Limits

        struct Limits: Encodable {
            let bytes: Int64
            let entries: Int
            let depth: Int
        }
    }

    /// What the builder says of what it made.
    struct Outcome: Decodable {
        let key: String
        let packages: Packages

        enum Packages: String, Decodable { case none, new, known }
    }

    /// Makes the directory, whole or not at all.
    func prepare(_ build: Build, limits: BuildLimits) throws(PortError) {
        guard try SourceStore(root: root).size(of: build.source, of: build.app.tenant) != nil else {
            throw PortError(.notFound, "source", cause: "its archive is not on this host; send it again")
        }
        let builds = try root.makeDirectory(.state, HostPaths.builds(build.app))
        if try builds.directory(build.instanceName) != nil { return }
        let temporary = ".\(build.instanceName).new"
        try builds.removeTree(temporary)
        do {
            let place = try builds.makeDirectory(temporary, mode: 0o711)
            try fill(place, build, limits)
        } catch {
            try? builds.removeTree(temporary)
            throw error
        }
        try builds.rename(temporary, to: build.instanceName)
        try builds.sync(as: "builds")
    }

    private func fill(
        _ place: borrowing Directory, _ build: Build, _ limits: BuildLimits
    ) throws(PortError) {
        typealias Input = BuildTemplate.Input
        let environment = "TUSSILAGO_IMAGE=\(build.image.hexadecimal)\n"
        try place.write(HostPaths.unitEnvironment, environment.utf8, mode: 0o600, as: "build")
        try place.write(Input.order.rawValue, try order(build, limits), mode: 0o644, as: "build")
        // From …/builds/TENANT/APP/NAME.
        let state = "../../../.."
        try place.link(
            Input.source.rawValue, to: "\(state)/sources/\(build.app.tenant)/\(HostPaths.sourceName(build.source))")
        let packages = (build.known?.packages).map { "\(state)/trees/\($0.hexadecimal)" }
        // What there is none of is an empty directory: a build that does not need it goes on without.
        for (input, target) in [(Input.uv, uv), (.wheels, tools.wheels), (.packages, packages)] {
            if let target {
                try place.link(input.rawValue, to: target)
            } else {
                _ = try place.makeDirectory(input.rawValue, mode: 0o755)
            }
        }
        try place.sync(as: "build")
    }

    /// Where uv is; nil when this host has none.
    private var uv: String? {
        tools.uv.first { FileManager.default.isExecutableFile(atPath: root.prefix + $0) }
    }

    private func order(_ build: Build, _ limits: BuildLimits) throws(PortError) -> [UInt8] {
        let order = Order(
            source: build.source.hexadecimal, known: build.known?.key.hexadecimal,
            requirements: build.python.requirements?.path, packages: build.python.packages.map(\.text),
            commands: build.python.commands.map { $0.map(\.text) },
            limits: Order.Limits(bytes: limits.output.count, entries: limits.entries, depth: BuildLimits.depth))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do { return Array(try encoder.encode(order)) } catch {
            throw PortError(.unexpected, "build", cause: "it cannot be written down", detail: "\(error)")
        }
    }

    /// What the builder says. It runs beside what tenants have it run, so nothing of it is taken for true but in that tenant.
    func outcome(of build: Build) throws(PortError) -> (Outcome, key: TussilagoCore.Digest) {
        let result = "\(HostPaths.buildOutput)/\(build.unit.stem)/\(BuildTemplate.Output.result.rawValue)"
        guard let directory = try root.directory(.buildOutput, result),
            let bytes = try directory.read("result.json", limit: 4096)
        else { throw PortError(.refused, "build", cause: "it has left no result") }
        do {
            let outcome = try JSONDecoder().decode(Outcome.self, from: Data(bytes))
            return (outcome, try TussilagoCore.Digest(outcome.key))
        } catch { throw PortError(.refused, "build", cause: "its result cannot be read", detail: "\(error)") }
    }

    /// Removes the directory, and the app's own when nothing is left in it.
    func clear(_ build: Build) throws(PortError) {
        guard let builds = try root.directory(.state, HostPaths.builds(build.app)) else { return }
        try builds.removeTree(build.instanceName)
        guard let all = try root.directory(.state, HostPaths.builds),
            let tenant = try all.directory(build.app.tenant.rawValue)
        else { return }
        try tenant.removeDirectory(ifEmpty: build.app.app.rawValue)
        try all.removeDirectory(ifEmpty: build.app.tenant.rawValue)
    }

    /// Removes what is left of all builds, while none is under way.
    func clearAll() throws(PortError) {
        guard let builds = try root.directory(.state, HostPaths.builds) else { return }
        for tenant in try builds.names(as: "builds") { try builds.removeTree(tenant) }
    }
}
