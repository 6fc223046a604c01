import ArgumentParser
import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Makes a release of an app and switches to it once it is ready.",
        discussion: """
            With a folder, its Python project is built in a sandbox: tussilago deploy acme/shop ./shop. What its manifest \
            does not say is detected. The old release serves until the new one has answered its health check; if it never \
            does, nothing changes.
            """
    )
    @OptionGroup var options: GlobalOptions
    @OptionGroup var target: DeployTarget
    @OptionGroup var deploy: DeployOptions
    @OptionGroup var write: WriteOptions
    @Option(name: .long, help: ArgumentHelp("Why; shown in the list of releases.", valueName: "text"))
    var note: String?

    func run() async throws {
        var (app, request) = try await target.request(deploy, options: options, isPlan: false)
        request.note = note
        do {
            try await write.perform(Paths.releases(app), request, options: options)
        } catch let failure as CommandFailure { throw deploy.named(failure) }
    }
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what a deploy would change, and changes nothing.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var target: DeployTarget
    @OptionGroup var deploy: DeployOptions

    func run() async throws {
        let plan: PlanResource
        let (app, request) = try await target.request(deploy, options: options, isPlan: true)
        do {
            plan = try await options.client.post(Paths.plan(app), request)
        } catch let failure as CommandFailure { throw deploy.named(failure) }
        let style = options.output.style
        try options.output.show(plan) { plan in
            var lines: [String] = []
            for change in plan.changes {
                let kind = change.before == nil ? "new" : change.after == nil ? "gone" : "changed"
                lines.append(style.bold("\(change.subject) (\(kind))"))
                lines.append("# \(change.reason)")
                let reasons = Dictionary(
                    change.lines.map { ($0.key, $0.reason) }, uniquingKeysWith: { first, _ in first })
                lines.append(Diff.unified(change.before, change.after, reasons: reasons, style: style))
                lines.append("")
            }
            lines.append(plan.steps.isEmpty ? "Nothing would change." : style.bold("Steps:"))
            lines += plan.steps.enumerated().map { "\($0 + 1). \($1)" }
            return lines.joined(separator: "\n")
        }
    }
}

extension DeployTarget {
    /// What is asked for, and of which app. A plan sends no source: what would be built is not looked at.
    func request(
        _ deploy: DeployOptions, options: GlobalOptions, isPlan: Bool
    ) async throws -> (AppReference, DeployRequest) {
        let isPath = folder == nil && [".", "/", "~"].contains { app.hasPrefix($0) }
        guard let folder = isPath ? app : folder else {
            return (try reference(app, options), try deploy.request(json: options.json))
        }
        let source = try SourceDeploy(folder, manifest: deploy.manifest, options: options)
        guard let app = isPath ? source.app : try reference(app, options) else {
            throw CommandFailure(
                Problem(
                    .invalidRequest, "neither the command nor a manifest says which app this is", field: "app",
                    remedy: "tussilago deploy TENANT/APP \(folder), or have it written down: tussilago init \(folder) "
                        + "--app TENANT/APP"), json: options.json)
        }
        guard deploy.files == nil else {
            throw CommandFailure(
                Problem(.invalidRequest, "a folder is built; --files goes with an image", field: "files"),
                json: options.json)
        }
        let manifest = try await source.manifest(hostnames: hostname) {
            let routes: PageResource<RouteResource> = try await options.client.get(Paths.routes(app))
            return routes.items.compactMap { try? Hostname($0.hostname) }
        }
        let digest = isPlan ? try source.digest() : try await source.send(to: app)
        return (app, DeployRequest(manifest: manifest, image: deploy.image, source: digest))
    }

    private func reference(_ text: String, _ options: GlobalOptions) throws -> AppReference {
        do throws(InvalidValue) { return try AppReference(text) } catch {
            throw CommandFailure(error, field: "app", json: options.json)
        }
    }
}

extension DeployOptions {
    private static let manifestLimit = 65_536

    /// Reads the manifest and makes paths absolute: the agent has another working directory.
    func request(json: Bool) throws -> DeployRequest {
        DeployRequest(
            manifest: try readManifest(json: json), image: image, files: try files.map { try absolute($0, json: json) })
    }

    /// Mistakes of a manifest are told with the name of the file that they are in.
    func named(_ failure: CommandFailure) -> CommandFailure {
        guard failure.problem.code == .invalidManifest else { return failure }
        var problem = failure.problem
        problem.field = manifest ?? SourceDeploy.manifestName
        return CommandFailure(problem, json: failure.json)
    }

    private func readManifest(json: Bool) throws -> String {
        let manifest = manifest ?? SourceDeploy.manifestName
        let descriptor = open(manifest, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure(
                Problem(
                    .invalidRequest, "the manifest \(manifest) cannot be read: \(reason)", field: "manifest",
                    remedy: "name it with --manifest FILE; man tussilago.toml(5) shows a first one"), json: json)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.manifestLimit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard got > 0 else { break }
            count += got
        }
        guard count <= Self.manifestLimit else {
            throw CommandFailure(
                Problem(.tooLarge, "the manifest \(manifest) has more than 64 KiB", field: "manifest"), json: json)
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func absolute(_ path: String, json: Bool) throws -> String {
        guard let resolved = realpath(path, nil) else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure(
                Problem(.invalidRequest, "the directory \(path) cannot be used: \(reason)", field: "files"), json: json)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
