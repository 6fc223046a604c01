/// The OCI runtime that Podman is told to use: it runs gVisor's runsc with flags that nobody can change, or nothing.
struct Shim {
    private let call: RuntimeCall

    init(arguments: [String]) throws(Refusal) { call = try RuntimeCall(arguments) }

    func run() throws(Refusal) -> Never {
        let runsc = try Runsc()
        var sockets: Container.Sockets = []
        if call.command == "create" {
            let container = try Container(create: call)
            sockets = try container.sockets()
            try container.openDirectories()
        }
        let command = call.command.map { [$0] } ?? []
        try runsc.become(arguments: Runsc.flags(sockets: sockets) + call.globalFlags + command + call.rest)
    }
}
