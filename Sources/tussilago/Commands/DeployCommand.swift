import ArgumentParser
import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Makes a release of an app and switches to it once it is ready.",
        discussion:
            "The old release serves until the new one has answered its health check; if it never does, nothing changes."
    )
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    @OptionGroup var deploy: DeployOptions
    @OptionGroup var write: WriteOptions
    @Option(name: .long, help: ArgumentHelp("Why; shown in the list of releases.", valueName: "text"))
    var note: String?

    func run() async throws {
        var request = try deploy.request(json: options.json)
        request.note = note
        do {
            try await write.perform(Paths.releases(argument.app), request, options: options)
        } catch let failure as CommandFailure { throw deploy.named(failure) }
    }
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Shows what a deploy would change, and changes nothing.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    @OptionGroup var deploy: DeployOptions

    func run() async throws {
        let plan: PlanResource
        do {
            plan = try await options.client.post(Paths.plan(argument.app), try deploy.request(json: options.json))
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
        problem.field = manifest
        return CommandFailure(problem, json: failure.json)
    }

    private func readManifest(json: Bool) throws -> String {
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
