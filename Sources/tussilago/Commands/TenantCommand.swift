import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Creates, lists, shows and deletes tenants.",
        subcommands: [Create.self, List.self, Show.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Creates a tenant.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its name: a lower-case DNS label.") var name: String

        func run() async throws {
            let accepted: OperationResource = try await options.client.post(Paths.tenants, CreateRequest(name: name))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all tenants.")
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let tenants: [TenantResource] = try await options.client.all(Paths.tenants)
            try options.output.show(tenants) { tenants in
                Output.table(
                    ["TENANT", "APPS", "CREATED"], tenants.map { ["\($0.name)", "\($0.apps)", $0.createdAt.ago()] })
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
                "tenant   \($0.name)\nid       \($0.id.lowercased)\napps     \($0.apps)\ncreated  \($0.createdAt.readable)"
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
