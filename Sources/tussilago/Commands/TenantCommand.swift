import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Creates, lists, shows, changes and deletes tenants.",
        subcommands: [Create.self, List.self, Show.self, Set.self, Delete.self])

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
                created  \($0.createdAt.readable)
                """
            }
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
