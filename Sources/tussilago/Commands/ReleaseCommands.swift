import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct ReleasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases",
        abstract: "Lists an app's releases: who made them, when, why, and in what each differs from the one before.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument

    func run() async throws {
        let releases: [ReleaseResource] = try await options.client.all(Paths.releases(argument.app))
        try options.output.show(releases) { releases in
            Output.table(
                ["RELEASE", "STATE", "MADE", "BY", "WHY", "DIFFERS IN"],
                releases.map {
                    [
                        "\($0.number)", $0.state.rawValue, $0.createdAt.ago(), $0.caller ?? "-", $0.reason ?? "-",
                        $0.differences.isEmpty ? "-" : $0.differences.joined(separator: ", "),
                    ]
                })
        }
    }
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Goes back to an earlier release, which is kept whole.",
        discussion: "Without a number it is the release before the current one. tussilago releases lists them.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    @OptionGroup var write: WriteOptions
    @Argument(help: "The release's number.") var release: ReleaseNumber?

    func run() async throws {
        try await write.perform(
            Paths.action(argument.app, "rollback"), RollbackRequest(release: release), options: options)
    }
}

struct ScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Makes a release that runs other numbers of copies: scale acme/shop web=3.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    @OptionGroup var write: WriteOptions
    @Argument(help: "Processes with how many copies of each shall run, as in web=3.") var processes: [Count]

    /// `web=3`.
    struct Count: ExpressibleByArgument {
        let process: ProcessName
        let count: Int

        init?(argument: String) {
            let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let process = try? ProcessName(parts[0]), let count = Int(parts[1]) else {
                return nil
            }
            self.process = process
            self.count = count
        }
    }

    func run() async throws {
        let counts = Dictionary(processes.map { ($0.process.rawValue, $0.count) }, uniquingKeysWith: { $1 })
        try await write.perform(
            Paths.action(argument.app, "scale"), ScaleRequest(processes: counts), options: options)
    }
}
