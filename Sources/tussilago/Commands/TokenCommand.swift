import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes tokens, by which programs ask with one role only.",
        discussion: """
            Commands use the token in the file that --token-file or TUSSILAGO_TOKEN_FILE names, and then have the token's \
            role and no other.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints its secret, which is never shown again.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var place: RealmOptions
        @Argument(help: "Its name: a lower-case DNS label.") var name: TokenName
        @Option(name: .long, help: "Its role: viewer, operator or admin.") var role = Role.viewer
        @Option(name: .long, help: ArgumentHelp("How long it counts: 12h, 30d.", valueName: "time"))
        var expires = Lifetime(seconds: 30 * 86_400)

        func run() async throws {
            let request = TokenRequest(name: name.rawValue, role: role, expiresIn: expires.seconds)
            let issued: IssuedTokenResource = try await options.client.post(Paths.tokens(place.realm), request)
            try options.output.show(issued) { $0.secret }
            guard !options.json else { return }
            // Standard output has the secret alone, so that it can go into a file.
            let token = issued.token
            Output.standardError(
                "token \(token.name): \(token.role.rawValue) of \(place.realm) until \(token.expiresAt.readable)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists tokens, without their secrets.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var place: RealmOptions

        func run() async throws {
            let page: PageResource<TokenResource> = try await options.client.get(Paths.tokens(place.realm))
            try options.output.show(page.items) { tokens in
                Output.table(
                    ["TOKEN", "ROLE", "MADE", "BY", "UNTIL"],
                    tokens.map {
                        [
                            "\($0.name)", $0.role.rawValue, $0.at.ago(), $0.by,
                            $0.expired ? "expired" : $0.expiresAt.readable,
                        ]
                    })
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Has a token count no more, from now on.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var place: RealmOptions
        @Argument(help: "The token's name.") var name: TokenName

        func run() async throws {
            let token: TokenResource = try await options.client.delete(Paths.token(name, place.realm))
            try options.output.show(token) { "token \($0.name) counts no more" }
        }
    }
}

/// A time in one unit: `90m`, `12h`, `30d`.
struct Lifetime: ExpressibleByArgument, CustomStringConvertible {
    let seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Int(argument.dropLast()), number > 0,
            case let (seconds, overflow) = number.multipliedReportingOverflow(by: unit), !overflow,
            Token.lifetimes.contains(seconds)
        else { return nil }
        self.seconds = seconds
    }

    var description: String { seconds % 86_400 == 0 ? "\(seconds / 86_400)d" : "\(seconds)s" }
    var defaultValueDescription: String { description }
}
