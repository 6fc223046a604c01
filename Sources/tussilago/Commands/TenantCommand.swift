import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Creates, lists, shows, changes and deletes tenants.",
        subcommands: [Create.self, List.self, Show.self, Set.self, Policy.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Creates a tenant.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its name: a lower-case DNS label.") var name: String
        @Option(help: "What its apps may reach: none, list or internet.") var egress = EgressGrant.none

        func run() async throws {
            let accepted: OperationResource = try await options.client.post(Paths.tenants, CreateRequest(name: name))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
            guard egress != .none else { return }
            try await setEgress(egress, of: try TenantName(name), options)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes what the apps of a tenant may reach; what is more is cut at once.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant.") var tenant: TenantName
        @Option(help: "none, list (hosts that manifests name) or internet (every public address).")
        var egress: EgressGrant

        func run() async throws { try await setEgress(egress, of: tenant, options) }
    }

    struct Policy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets the manifests of a tenant ask for more than the strict policy has.",
            discussion: """
                What is not given is as in the strict policy. The reason is kept with the tenant and in the audit. What runs \
                stays as it is; releases that have more than this are no longer made, nor gone back to.
                """)
        @OptionGroup var options: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The tenant.") var tenant: TenantName
        @Flag(help: "Nothing more than the strict policy.") var strict = false
        @Option(help: "The size of /dev/shm, to 1G (strict: 16M).") var sharedMemory: Amount?
        @Option(help: "Seconds from SIGTERM to SIGKILL, to 90 (strict: 10).") var stop: Amount?
        @Option(help: "Seconds that a release's command may take, to 1500 (strict: 600).") var release: Amount?
        @Option(help: "Log lines in ten seconds, to 200000 (strict: 5000).") var logLines: Amount?
        @Option(help: "Why. Needed for all but --strict.") var reason: String?

        private var policy: PolicyResource {
            var policy = PolicyResource()
            policy.sharedMemory = sharedMemory?.value
            policy.stop = stop?.value
            policy.release = release?.value
            policy.logLines = logLines?.value
            policy.reason = reason
            return policy
        }

        func validate() throws {
            let isEmpty = SandboxLimits.Kind.allCases.allSatisfy { policy[$0] == nil }
            guard strict == isEmpty else {
                throw ValidationError(strict ? "--strict stands alone" : "say what is loosened, or --strict")
            }
            guard strict == (reason == nil) else {
                throw ValidationError(strict ? "--strict needs no reason" : "say why: --reason TEXT")
            }
        }

        func run() async throws { try await write.perform(Paths.policy(tenant), policy, options: options) }
    }

    private static func setEgress(
        _ egress: EgressGrant, of tenant: TenantName, _ options: GlobalOptions
    ) async throws {
        let accepted: OperationResource = try await options.client.put(
            Paths.egress(tenant), EgressRequest(egress: egress))
        try await OperationWatch(client: options.client, output: options.output).finish(accepted)
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all tenants.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let tenants: [TenantResource] = try await options.client.all(Paths.tenants)
            try options.output.show(tenants) { tenants in
                Output.table(
                    ["TENANT", "APPS", "EGRESS", "CREATED"],
                    tenants.map { ["\($0.name)", "\($0.apps)", $0.egress.rawValue, $0.createdAt.ago()] })
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a tenant.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant.") var tenant: TenantName

        func run() async throws {
            let resource: TenantResource = try await options.client.get(Paths.tenant(tenant))
            try options.output.show(resource) {
                """
                tenant   \($0.name)
                id       \($0.id.lowercased)
                apps     \($0.apps)
                egress   \($0.egress.rawValue)
                policy   \(Self.words($0.policy))
                created  \($0.createdAt.readable)
                """
            }
        }

        private static func words(_ policy: PolicyResource?) -> String {
            guard let policy else { return "strict" }
            let amounts = SandboxLimits.Kind.allCases.compactMap { kind in
                policy[kind].map { "\(kind.key) to \(kind.text($0))" }
            }
            return "strict, but for \(amounts.joined(separator: ", ")): \(policy.reason ?? "")"
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a tenant that has no apps.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant.") var tenant: TenantName

        func run() async throws {
            let accepted: OperationResource = try await options.client.delete(Paths.tenant(tenant))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
        }
    }
}
