import ArgumentParser
import TussilagoAPI
import TussilagoCore

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")
    @OptionGroup var options: GlobalOptions

    func run() throws {
        try options.output.show(["version": Version.current]) { _ in "tussilago \(Version.current)" }
    }
}

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Prints a completion script for bash, zsh or fish.")
    @Argument(help: "The shell: bash, zsh or fish.") var shell: String

    func run() throws {
        guard let shell = CompletionShell(rawValue: shell) else {
            throw ValidationError(
                "the shell is one of: \(CompletionShell.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        Output(json: false).line(Tussilago.completionScript(for: shell))
    }
}
