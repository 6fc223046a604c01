import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Shows and sets how much a tenant may have, all of its apps together.",
        discussion: """
            A deploy, a new app and more copies are refused when the tenant would have more than its quota. What it has \
            already stays. Memory and processor time are limits of the tenant's slice as well.
            """,
        subcommands: [Set.self, Show.self, List.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets limits; those that are not given stay as they are, and none takes one away.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The tenant.") var tenant: TenantName
        @Option(name: .long, help: "How many apps.") var apps: Amount?
        @Option(name: .long, help: "How many instances.") var instances: Amount?
        @Option(name: .long, help: "How much memory, as in 4G.") var memory: Amount?
        @Option(name: .long, help: "How much processor time, as in 400%.") var cpu: Amount?
        @Option(name: .long, help: "How many bytes of files, as in 10G.") var disk: Amount?
        @Option(name: .long, help: "How many hostnames.") var hostnames: Amount?

        func validate() throws {
            guard !given.isEmpty else { throw ValidationError("say which limit: --apps, --memory …") }
        }

        private var given: [Quota.Kind: Amount] {
            let all: [Quota.Kind: Amount?] = [
                .apps: apps, .instances: instances, .memory: memory, .cpu: cpu, .disk: disk, .hostnames: hostnames,
            ]
            return all.compactMapValues { $0 }
        }

        func run() async throws {
            let known: QuotaResource = try await options.client.get(Paths.quota(tenant))
            var limits = known.limits
            for (kind, amount) in given { limits[kind] = amount.value }
            try await write.perform(Paths.quota(tenant), limits, options: options)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what a tenant has, and may have.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant.") var tenant: TenantName

        func run() async throws {
            let quota: QuotaResource = try await options.client.get(Paths.quota(tenant))
            try options.output.show(quota) { quota in
                Output.table(
                    ["WHAT", "HAS", "MAY HAVE"],
                    Quota.Kind.allCases.map { kind in
                        [
                            kind.rawValue, kind.text(quota.used[kind] ?? 0),
                            quota.limits[kind].map { kind.text($0) } ?? "any number",
                        ]
                    })
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what each tenant has, and may have.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let quotas: [QuotaResource] = try await options.client.all(Paths.quotas)
            try options.output.show(quotas) { quotas in
                Output.table(
                    ["TENANT"] + Quota.Kind.allCases.map { $0.rawValue.uppercased() },
                    quotas.map { quota in
                        ["\(quota.tenant)"]
                            + Quota.Kind.allCases.map { kind in
                                let used = kind.text(quota.used[kind] ?? 0)
                                return quota.limits[kind].map { "\(used) of \(kind.text($0))" } ?? used
                            }
                    })
            }
        }
    }
}

/// A limit, or `none`: `5`, `4G`, `400%`.
struct Amount: ExpressibleByArgument {
    /// The amount; nil for none.
    let value: Int64?

    init?(argument: String) {
        if argument == "none" {
            value = nil
            return
        }
        let text = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
        guard let bytes = try? Bytes(parsing: text) else { return nil }
        value = bytes.count
    }
}
