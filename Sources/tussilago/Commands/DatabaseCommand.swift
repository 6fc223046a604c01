import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Shows the database of an app, and gives it new credentials.",
        discussion: """
            An app has one when its manifest has [services.db] with type = "postgres". It finds how to reach it in \
            /run/secrets/DATABASE_URL.
            """,
        subcommands: [Show.self, Rotate.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an app's services: how large they are, and how many connections they have.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument

        func run() async throws {
            let services: PageResource<ServiceResource> = try await options.client.get(Paths.services(argument.app))
            try options.output.show(services.items) { services in
                Output.table(
                    ["SERVICE", "TYPE", "TIER", "SECRET", "SIZE", "CONNECTIONS", "MADE", "IN USE"],
                    services.map {
                        [
                            $0.name.rawValue, $0.type.rawValue, $0.tier.rawValue, $0.secret.rawValue,
                            $0.size.map { "\($0 / 1_048_576) MiB" } ?? "away", $0.connections.map { "\($0)" } ?? "-",
                            $0.createdAt.ago(), $0.used ? "yes" : "no",
                        ]
                    })
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an app new credentials of its database, in a new release, and takes the old ones back.",
            discussion: """
                The old ones count until the new release serves. If that does not get ready, the release before goes on \
                serving with them.
                """)
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument
        @OptionGroup var write: WriteOptions

        func run() async throws {
            try await write.perform("\(Paths.services(argument.app))/rotate", options: options)
        }
    }
}
