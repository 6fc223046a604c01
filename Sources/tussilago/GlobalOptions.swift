import ArgumentParser
import TussilagoAPI

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON, errors included.")
    var json = false

    @Option(name: .long, help: ArgumentHelp("The agent's socket.", valueName: "path"))
    var socket = Paths.socket

    @Option(
        name: .long,
        help: ArgumentHelp("Ask with the token in this file; also TUSSILAGO_TOKEN_FILE.", valueName: "path"))
    var tokenFile: String?

    var client: Client { Client(socket: socket, tokenFile: TokenFile(option: tokenFile), json: json) }
    var output: Output { Output(json: json) }
}
