import ArgumentParser
import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a manifest for a Python project: what a deploy without one would detect.",
        discussion: "It asks no agent, and changes no file that is there.")
    @OptionGroup var options: GlobalOptions
    @Argument(help: "The project's folder.") var folder = "."
    @Option(name: .long, help: ArgumentHelp("The app, as TENANT/APP, so that deploys need not name it.")) var app:
        AppReference?
    @Option(name: .long, help: ArgumentHelp("A hostname to serve it at; may be repeated.", valueName: "name"))
    var hostname: [Hostname] = []
    @Flag(name: .long, help: "Print it, and write nothing.") var dryRun = false

    func run() async throws {
        let project = try ProjectFolder(folder, json: options.json)
        let name = SourceDeploy.manifestName
        let detection: Detection
        do throws(Detection.Question) { detection = try Detection(project.files) } catch {
            throw CommandFailure(
                Problem(.invalidRequest, error.question, field: "folder", remedy: error.answer), json: options.json)
        }
        let head = detection.notes.map { "# \($0)\n" }.joined()
        let text = head + (app.map { "app = \"\($0)\"\n" } ?? "") + detection.manifest(hostnames: hostname)
        if dryRun { return options.output.line(String(text.dropLast())) }
        let descriptor = open("\(project.path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it is there already" : String(cString: strerror(errno))
            throw CommandFailure(
                Problem(
                    .conflict, "\(name) is not written: \(reason)", field: name,
                    remedy: "see what would stand in it: tussilago init --dry-run"), json: options.json)
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
            throw CommandFailure(Problem(.noSpace, "\(name) could not be written"), json: options.json)
        }
        options.output.line("\(project.path)/\(name) is written: \(detection.framework)")
    }
}
