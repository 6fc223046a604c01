import ArgumentParser
import Glibc
import TussilagoAPI
import TussilagoCore

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Shows what an app has said, with journalctl.",
        discussion: "Needs no agent. Who is not root must be in the group systemd-journal.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    @Option(name: .shortAndLong, help: "Only what this process says: web, or a job's name; also build and release.")
    var process: ProcessName?
    @Flag(name: .shortAndLong, help: "Go on with what it says from now on.") var follow = false
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many lines to begin with.", valueName: "number"))
    var lines = 100

    /// Becomes journalctl: there is no better reader of the journal, and it knows who may read what.
    func run() throws {
        var arguments = [
            "journalctl", "--no-hostname", "-n", "\(max(0, lines))", "-o", options.json ? "json" : "short-iso",
            "TUSSILAGO_TENANT=\(argument.app.tenant)", "TUSSILAGO_APP=\(argument.app.app)", "_TRANSPORT=stdout",
        ]
        if let process { arguments.append("TUSSILAGO_PROCESS=\(process)") }
        if follow { arguments.append("-f") }
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        execvp("journalctl", &pointers)
        throw CommandFailure(
            Problem(
                .unavailable, "journalctl cannot be run: \(String(cString: strerror(errno)))",
                remedy: "apt install systemd"),
            json: options.json)
    }
}
