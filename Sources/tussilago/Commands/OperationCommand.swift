import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct OperationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "op", abstract: "Lists, shows, watches and cancels operations.",
        subcommands: [List.self, Show.self, Watch.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists operations, the newest first.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "Only those about this app.") var app: AppReference?
        @Option(name: .long, help: "Only those in this state.") var state: String?
        @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many.", valueName: "number")) var limit = 20

        func run() async throws {
            var query: [(String, String)] = []
            if let app { query += [("tenant", "\(app.tenant)"), ("app", "\(app.app)")] }
            if let state {
                guard let state = TussilagoCore.Operation.State(rawValue: state) else {
                    let known = TussilagoCore.Operation.State.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("--state is one of: \(known)")
                }
                query.append(("state", state.rawValue))
            }
            let operations: [OperationResource] = try await options.client.all(
                Paths.operations, query: query, limit: max(1, limit))
            try options.output.show(operations) { operations in
                Output.table(
                    ["OPERATION", "KIND", "ABOUT", "STATE", "ASKED", "BY"],
                    operations.map {
                        [
                            $0.id.lowercased, $0.kind.rawValue, $0.about, $0.state.rawValue, $0.acceptedAt.ago(),
                            $0.caller,
                        ]
                    })
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows an operation.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The operation's id.") var id: UUID

        func run() async throws {
            let operation: OperationResource = try await options.client.get(Paths.operation(id))
            try options.output.show(operation) { operation in
                var lines = [
                    "operation  \(operation.id.lowercased)",
                    "kind       \(operation.kind.rawValue)",
                    "about      \(operation.about)",
                    "state      \(operation.state.rawValue), attempt \(operation.attempt)",
                    "asked      \(operation.acceptedAt.readable) by \(operation.caller)",
                    "request    \(operation.requestId.lowercased)",
                ]
                if let ended = operation.endedAt { lines.append("ended      \(ended.readable)") }
                if let release = operation.release { lines.append("release    \(release)") }
                if let failure = operation.failure {
                    lines.append("reason     \(failure.message)")
                    if let remedy = failure.remedy { lines.append("mend       \(remedy)") }
                    lines += failure.log.map { "  | \($0)" }
                }
                return lines.joined(separator: "\n")
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancels an operation, unless it has come too far for that.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The operation's id.") var id: UUID

        func run() async throws {
            let operation: OperationResource = try await options.client.post(Paths.cancel(id))
            guard !operation.state.isFinal else {
                throw CommandFailure(
                    Problem(.conflict, "the operation has \(operation.state.rawValue) already", operation: id),
                    json: options.json)
            }
            let ended = try await OperationWatch(client: options.client, output: options.output).follow(id)
            guard ended.state == .cancelled else {
                throw CommandFailure(
                    Problem(.conflict, "it had come too far: it has \(ended.state.rawValue)", operation: id),
                    json: options.json)
            }
            if options.json { try options.output.show(ended) { _ in "" } }
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows an operation's steps as they happen.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The operation's id.") var id: UUID

        func run() async throws {
            let operation: OperationResource = try await options.client.get(Paths.operation(id))
            try await OperationWatch(client: options.client, output: options.output).finish(operation)
        }
    }
}

extension OperationResource {
    /// What it is about, as people write it.
    fileprivate var about: String {
        guard let tenant else { return "the host" }
        return app.map { "\(tenant)/\($0)" } ?? tenant.rawValue
    }
}
