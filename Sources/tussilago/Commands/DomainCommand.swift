import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct DomainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "domain", abstract: "Adds, proves, lists and removes hostnames of a tenant's own.",
        subcommands: [Add.self, List.self, Verify.self, Remove.self])

    /// Which hostname of which tenant.
    struct DomainArguments: ParsableArguments {
        @Argument(help: "The tenant.") var tenant: TenantName
        @Argument(help: "The hostname.") var hostname: Hostname
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a hostname, and shows the DNS record by which the tenant proves it.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var domain: DomainArguments
        @Flag(help: "Vouch for it instead: it needs no record. Only admins of the host may.") var vouch = false

        func run() async throws {
            let accepted: OperationResource = try await options.client.post(
                Paths.domains(domain.tenant),
                DomainRequest(hostname: domain.hostname.text, vouch: vouch ? true : nil))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
            guard !vouch, !options.output.json else { return }
            let shown: DomainResource = try await options.client.get(
                Paths.domain(domain.hostname, of: domain.tenant))
            guard shown.state == .pending else { return }
            options.output.line(
                """

                Publish this record in the DNS:
                  \(shown.recordName). TXT "\(shown.recordText)"
                then: tussilago domain verify \(domain.tenant) \(domain.hostname)
                """)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the hostnames of a tenant's own, or of all.")
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The tenant; all tenants when left out.") var tenant: TenantName?

        struct Shown: Codable {
            var tenant: TenantName
            var domain: DomainResource
        }

        func run() async throws {
            var names: [TenantName] = tenant.map { [$0] } ?? []
            if tenant == nil {
                let tenants: [TenantResource] = try await options.client.all(Paths.tenants)
                names = tenants.map(\.name)
            }
            var domains: [Shown] = []
            for name in names {
                let page: PageResource<DomainResource> = try await options.client.get(Paths.domains(name))
                domains += page.items.map { Shown(tenant: name, domain: $0) }
            }
            try options.output.show(domains) { domains in
                Output.table(
                    ["HOSTNAME", "TENANT", "STATE", "SINCE", "RECORD"],
                    domains.map { shown in
                        let domain = shown.domain
                        return [
                            domain.hostname, "\(shown.tenant)",
                            domain.state.rawValue + (domain.voucher.map { " by \($0)" } ?? ""),
                            domain.provedAt?.ago() ?? "-",
                            domain.state == .pending ? "\(domain.recordName) TXT \"\(domain.recordText)\"" : "-",
                        ]
                    })
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Looks for the record of a hostname; from then on it is the tenant's.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var domain: DomainArguments

        func run() async throws {
            let accepted: OperationResource = try await options.client.post(
                Paths.verify(domain.hostname, of: domain.tenant))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a hostname that no app has.")
        @OptionGroup var options: GlobalOptions
        @OptionGroup var domain: DomainArguments

        func run() async throws {
            let accepted: OperationResource = try await options.client.delete(
                Paths.domain(domain.hostname, of: domain.tenant))
            try await OperationWatch(client: options.client, output: options.output).finish(accepted)
        }
    }
}
