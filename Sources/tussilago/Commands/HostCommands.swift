import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Compares all of the host with what it shall be, and repairs it.",
        discussion: """
            What an admin has stopped or masked stays so, and what is not the platform's is only told. It runs by itself at \
            boot, when Caddy starts, and from time to time.
            """)
    @OptionGroup var options: GlobalOptions
    @OptionGroup var write: WriteOptions
    @Flag(name: .long, help: "Only tell what was found.") var dryRun = false

    func run() async throws {
        guard dryRun else { return try await write.perform(Paths.reconcile, options: options) }
        let findings: PageResource<Finding> = try await options.client.get(Paths.findings)
        try options.output.show(findings.items) { findings in
            guard !findings.isEmpty else { return "The host is as it shall be." }
            return Output.table(
                ["ABOUT", "FOUND", "A RECONCILE WOULD"],
                findings.map { [$0.subject, $0.what, Self.words($0.action)] })
        }
    }

    private static func words(_ action: Finding.Action) -> String {
        switch action {
        case .repair: "repair it"
        case .respect: "leave it"
        case .report: "tell it"
        }
    }
}

struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Removes what carries the platform's mark and nothing refers to any more.")
    @OptionGroup var options: GlobalOptions
    @OptionGroup var write: WriteOptions
    @Flag(name: .long, help: "Only tell what would be removed.") var dryRun = false

    func run() async throws {
        guard dryRun else { return try await write.perform(Paths.collect, options: options) }
        let waste: WasteResource = try await options.client.get(Paths.waste)
        try options.output.show(waste) { waste in
            waste.items.isEmpty ? "Nothing is left over." : waste.items.joined(separator: "\n")
        }
    }
}
