import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct AppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app", abstract: "Creates, lists, shows and deletes apps.",
        subcommands: [Create.self, List.self, Show.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Creates an app; deploy gives it something to run.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument

        func run() async throws {
            let accepted: OperationResource = try await options.client.post(
                Paths.apps(argument.app.tenant), CreateRequest(name: argument.app.app.rawValue))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the apps of a tenant, or all.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant; all tenants when left out.") var tenant: TenantName?

        func run() async throws {
            let apps: [AppResource] = try await options.client.all(tenant.map { Paths.apps($0) } ?? Paths.apps)
            try options.output.show(apps) { apps in
                Output.table(
                    ["APP", "RELEASE", "HOSTNAMES"],
                    apps.map {
                        [
                            "\($0.tenant)/\($0.name)", $0.release?.description ?? "-",
                            $0.hostnames.joined(separator: " "),
                        ]
                    })
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows an app and its releases.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument

        struct Shown: Codable {
            var app: AppResource
            var releases: [ReleaseResource]
        }

        func run() async throws {
            let app: AppResource = try await options.client.get(Paths.app(argument.app))
            let releases: [ReleaseResource] = try await options.client.all(Paths.releases(argument.app), limit: 20)
            try options.output.show(Shown(app: app, releases: releases)) { shown in
                let head = """
                    app        \(shown.app.tenant)/\(shown.app.name)
                    id         \(shown.app.id.lowercased)
                    created    \(shown.app.createdAt.readable)
                    hostnames  \(shown.app.hostnames.isEmpty ? "-" : shown.app.hostnames.joined(separator: " "))
                    """
                guard !shown.releases.isEmpty else { return head }
                return head + "\n\n"
                    + Output.table(
                        ["RELEASE", "STATE", "MADE", "IMAGE"],
                        shown.releases.map { ["\($0.number)", $0.state.rawValue, $0.createdAt.ago(), $0.image] })
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes an app: its routes, units and releases.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument
        @Flag(help: "Remove its databases at once; without this they are kept for seven days.") var purge = false

        func run() async throws {
            let path = Paths.app(argument.app) + (purge ? "?purge=true" : "")
            let accepted: OperationResource = try await options.client.delete(path)
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
        }
    }
}
