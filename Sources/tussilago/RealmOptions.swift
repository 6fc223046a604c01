import ArgumentParser
import TussilagoCore

/// Where a role counts, as commands about roles take it.
struct RealmOptions: ParsableArguments {
    @Option(name: .long, help: "In this tenant.") var tenant: TenantName?
    @Flag(name: .long, help: "On all of the host.") var host = false

    /// What was chosen.
    var realm: Realm { tenant.map { .tenant($0) } ?? .host }

    func validate() throws {
        guard host != (tenant != nil) else { throw ValidationError("say where: --tenant NAME, or --host") }
    }
}
