public import ArgumentParser
public import FoundationEssentials
import Glibc
public import TussilagoCore

extension TenantName: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension EgressGrant: ExpressibleByArgument {}

extension Hostname: ExpressibleByArgument {
    public init?(argument: String) {
        guard let hostname = try? Hostname(argument) else { return nil }
        self = hostname
    }
}

extension AppReference: ExpressibleByArgument {
    public init?(argument: String) {
        guard let reference = try? AppReference(argument) else { return nil }
        self = reference
    }
}

extension ReleaseNumber: ExpressibleByArgument {
    public init?(argument: String) {
        guard let number = Int(argument) else { return nil }
        self.init(rawValue: number)
    }
}

extension SecretName: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension ProcessName: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension PythonVersion: ExpressibleByArgument {
    public init?(argument: String) {
        guard let version = try? PythonVersion(argument) else { return nil }
        self = version
    }
}

extension UUID: @retroactive ExpressibleByArgument {
    public init?(argument: String) { self.init(uuidString: argument) }
}

extension Role: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension Grantee: ExpressibleByArgument {
    public init?(argument: String) {
        guard let grantee = try? Grantee(argument) else { return nil }
        self = grantee
    }
}

extension TokenName: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

/// Names an app, as every command about one does.
struct AppArgument: ParsableArguments {
    @Argument(help: "The app, as TENANT/APP.")
    var app: AppReference
}

/// What is deployed: an app with its manifest, or with the folder of its source.
struct DeployTarget: ParsableArguments {
    @Argument(help: "The app, as TENANT/APP; or only its folder, whose manifest names it.") var app: String
    @Argument(help: "The folder of its source, which is built; without one, the manifest names an image.")
    var folder: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A hostname to serve a folder without a manifest at; may be repeated.", valueName: "name"))
    var hostname: [Hostname] = []
}

/// What a deploy and its plan take.
struct DeployOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The manifest (default: tussilago.toml).", valueName: "file"))
    var manifest: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("An image of the host's storage, instead of the manifest's.", valueName: "image"))
    var image: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A directory to copy and mount read-only at /app.", valueName: "directory"))
    var files: String?
}
