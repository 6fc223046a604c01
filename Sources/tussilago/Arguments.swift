public import ArgumentParser
public import FoundationEssentials
import Glibc
public import TussilagoCore

extension TenantName: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
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

/// What a deploy and its plan take.
struct DeployOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The manifest.", valueName: "file"))
    var manifest = "tussilago.toml"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("An image of the host's storage, instead of the manifest's.", valueName: "image"))
    var image: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A directory to copy and mount read-only at /app.", valueName: "directory"))
    var files: String?
}
