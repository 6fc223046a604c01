import ArgumentParser
import TussilagoAPI

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON, errors included.")
    var json = false

    @Option(name: .long, help: ArgumentHelp("The agent's socket.", valueName: "path"))
    var socket = Paths.socket

    var client: Client { Client(socket: socket, json: json) }
    var output: Output { Output(json: json) }
}
