import ArgumentParser
import FoundationEssentials
import TussilagoAPI

/// What commands take that ask for an operation.
struct WriteOptions: ParsableArguments {
    @Flag(name: .long, help: "Wait behind an operation on the same, instead of being refused.") var queue = false
    @Flag(name: .long, help: "Return as soon as it is accepted.") var detach = false
    @Option(name: .long, help: ArgumentHelp("Repeated with the same key, it is done once.", valueName: "text"))
    var key: String?

    /// Asks for an operation without a body, and follows it.
    func perform(_ path: String, options: GlobalOptions) async throws {
        try await follow(try await options.client.post(address(path), key: key), options)
    }

    /// Asks for an operation, and follows it.
    func perform(_ path: String, _ body: some Encodable, options: GlobalOptions) async throws {
        try await follow(try await options.client.post(address(path), body, key: key), options)
    }

    /// Asks for something to get a value that is no JSON, and follows it.
    func perform(_ path: String, value: [UInt8], options: GlobalOptions) async throws {
        try await follow(try await options.client.put(address(path), value, key: key), options)
    }

    /// Asks for something to be taken away, and follows it.
    func delete(_ path: String, options: GlobalOptions) async throws {
        try await follow(try await options.client.delete(address(path), key: key), options)
    }

    private func address(_ path: String) -> String { queue ? "\(path)?wait=true" : path }

    private func follow(_ accepted: OperationResource, _ options: GlobalOptions) async throws {
        try await OperationWatch(client: options.client, output: options.output).finish(accepted, detached: detach)
    }
}
