import ArgumentParser
import TussilagoAPI
import TussilagoCore

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts an app and waits until it serves.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    func run() async throws { try await options.perform("start", on: argument.app) }
}

struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stops an app; its hostnames answer 503 until it is started again.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    func run() async throws { try await options.perform("stop", on: argument.app) }
}

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stops an app and starts it again.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var argument: AppArgument
    func run() async throws { try await options.perform("restart", on: argument.app) }
}

extension GlobalOptions {
    fileprivate func perform(_ verb: String, on app: AppReference) async throws {
        let accepted: OperationResource = try await client.post(Paths.action(app, verb))
        try await OperationWatch(client: client, output: output).finish(accepted)
    }
}
