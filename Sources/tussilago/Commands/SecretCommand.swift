import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Sets, lists, rotates and unsets the secrets of an app.",
        discussion: """
            An app finds the secrets that its manifest names as files in /run/secrets. A value goes in, encrypted, and never \
            comes out again but there.
            """,
        subcommands: [Set.self, List.self, Rotate.self, Unset.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets a secret's value, which is read from standard input.",
            discussion: """
                On a terminal it is asked for, and not shown. From a pipe or file it is taken as it is, line ends included: \
                printf %s VALUE has none, echo VALUE has one. It counts from the next deploy or rotate on.
                """)
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument
        @Argument(help: "The secret's name, as of an environment variable.") var name: SecretName
        @OptionGroup var write: WriteOptions

        func run() async throws {
            let value = try SecretInput(name: name, json: options.json).read()
            try await write.perform(Paths.secret(argument.app, name), value: value, options: options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists an app's secrets: which version is set, and which one the current release has.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument

        func run() async throws {
            let secrets: PageResource<SecretResource> = try await options.client.get(Paths.secrets(argument.app))
            try options.output.show(secrets.items) { secrets in
                Output.table(
                    ["SECRET", "VERSION", "SET", "IN USE"],
                    secrets.map {
                        [
                            $0.name.rawValue, $0.version.map { "\($0)" } ?? "unset", $0.createdAt?.ago() ?? "-",
                            $0.usedVersion.map { "\($0)" } ?? "-",
                        ]
                    })
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a release with the values that were set last, and switches to it once it is ready.",
            discussion: "If the app does not get ready with them, the release before goes on serving with the old ones."
        )
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument
        @OptionGroup var write: WriteOptions

        func run() async throws {
            try await write.perform(Paths.action(argument.app, "rotate"), options: options)
        }
    }

    struct Unset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a secret's value away.",
            discussion: """
                It is refused while the current release uses the secret: take it out of the manifest and deploy first. \
                Earlier releases keep their value as long as they are kept; tussilago gc removes it after that.
                """)
        @OptionGroup var options: GlobalOptions
        @OptionGroup var argument: AppArgument
        @Argument(help: "The secret's name.") var name: SecretName
        @OptionGroup var write: WriteOptions

        func run() async throws {
            try await write.delete(Paths.secret(argument.app, name), options: options)
        }
    }
}
