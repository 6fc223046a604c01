import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct GrantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Gives users and groups of the host roles, and takes them away.",
        discussion: """
            A viewer may look; an operator may deploy, start and stop as well; an admin may create and delete apps, and say \
            who else may do what. A role counts in one tenant, or on all of the host. Whoever has one must be in the group \
            tussilago-users as well, to which the socket is open.
            """,
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives someone a role, instead of the one that they had there.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var place: RealmOptions
        @Argument(help: "Who: user:NAME or group:NAME.") var grantee: Grantee
        @Argument(help: "The role: viewer, operator or admin.") var role: Role

        func run() async throws {
            let grant: GrantResource = try await options.client.post(
                Paths.grants(place.realm), GrantRequest(grantee: grantee.description, role: role))
            try options.output.show(grant) { "\($0.grantee) is \($0.role.rawValue) of \(place.realm)" }
            guard !options.json, case .user(let name) = grantee else { return }
            Output.standardError("  the socket is open to them in a group: usermod -aG tussilago-users \(name)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists who was given which role.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var place: RealmOptions

        func run() async throws {
            let page: PageResource<GrantResource> = try await options.client.get(Paths.grants(place.realm))
            try options.output.show(page.items) { grants in
                Output.table(
                    ["WHO", "ROLE", "SINCE", "BY", ""],
                    grants.map {
                        [
                            $0.grantee, $0.role.rawValue, $0.at.ago(), $0.by,
                            $0.live ? "" : "does not count: the account is gone, or was made anew",
                        ]
                    })
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes a role away.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var place: RealmOptions
        @Argument(help: "Who: user:NAME or group:NAME.") var grantee: Grantee

        func run() async throws {
            let grant: GrantResource = try await options.client.delete(Paths.grant(grantee, place.realm))
            try options.output.show(grant) { "\($0.grantee) is no longer \($0.role.rawValue) of \(place.realm)" }
        }
    }
}
