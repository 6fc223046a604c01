import FoundationEssentials
import TussilagoCore

/// Has the services of an app be there, with credentials that its releases get as secrets.
///
/// A credential is a role of its own on the server. Who may log in follows from the release that serves: its role is let in
/// before it starts, and all others go once it serves. So a rotation is a release with another credential, and one that does
/// not get ready leaves the old one as it was.
struct ServiceKeeper: Sendable {
    let outside: Outside
    let log: OperationLog
    let halt: Halt

    /// How long a server that is away is waited for in each attempt of an operation, some 15 s: over a minute in all.
    private static let patience = Backoff(longest: .seconds(5), attempts: 8)
    private static let startDeadline = Duration.seconds(600)

    /// Notes services that a release asks for, and gives those credentials that have none.
    func authorize(_ app: App, _ services: [ServiceSpecification]) async throws(PortError) {
        guard !services.isEmpty else { return }
        let set = Set(try await outside.ledger.secrets(of: app.reference).filter(\.isCurrent).map(\.version.name))
        for service in services {
            try await outside.ledger.addService(
                ServiceRecord(
                    owner: app.id, app: app.reference, name: service.name, type: service.type, tier: service.tier,
                    createdAt: outside.now()))
            if !set.contains(service.secret) { try await makeCredential(service.type, of: app) }
        }
    }

    /// Gives an app new credentials of all services of its current release.
    func renew(_ record: AppRecord) async throws(PortError) {
        let services = record.current?.manifest.services ?? []
        guard !services.isEmpty else {
            throw PortError(.refused, record.app.reference.description, cause: "its current release has no services")
        }
        let app = record.app.reference
        let newest = try await outside.ledger.secrets(of: app).filter(\.isCurrent).map(\.version)
        let releases = try await outside.ledger.releases(of: app, PageQuery(limit: PageQuery.maximumLimit)).items
        let used = Set(releases.filter { $0.state != .failed }.flatMap(\.release.secrets))
        for service in services {
            // One that no release ever served with is new enough: an agent that died has made it, or a rotation that failed.
            if let version = newest.first(where: { $0.name == service.secret }), !used.contains(version) { continue }
            try await makeCredential(service.type, of: record.app)
        }
    }

    /// Has the services of a release be there, and lets it in.
    func open(_ app: App, to release: Release) async throws(PortError) {
        guard let service = release.manifest.database else { return }
        let database = Database(of: app.id)
        let (role, password) = try await login(to: service, of: release)
        try await log.event(.stepStarted, "have database \(service.name) be there")
        try await reach { (server) throws(PortError) in
            try await server.ensure(database, extensions: service.extensions)
            try await server.admit(role, password: password, to: database)
        }
    }

    /// Lets nobody into the services of an app but a release.
    func close(_ app: App, but release: Release?) async throws(PortError) {
        guard try await outside.ledger.services(of: app.reference).contains(where: { $0.type == .postgres }) else {
            return
        }
        let kept = Self.roles(of: release)
        try await reach { (server) throws(PortError) in
            try await server.dismiss(from: Database(of: app.id), except: kept)
        }
    }

    /// Looks who is let into a service, and has that be its app's current release and nobody else.
    func mend(_ service: ServiceRecord, repairs: Bool) async throws(PortError) {
        guard let server = outside.databases, let record = try await outside.ledger.app(service.app),
            record.app.id == service.owner
        else { return }
        let wanted = Self.roles(of: record.current)
        let look = try await server.look(at: service.database)
        guard let look else {
            guard !wanted.isEmpty else { return }
            let what = "database \(service.name) is not there; a deploy makes an empty one"
            return try await log.finding(Finding(subject: service.app.description, what: what, action: .report))
        }
        guard look.roles != wanted else { return }
        let what = look.roles.isSuperset(of: wanted) ? "lets in who it shall no more" : "does not let it in"
        try await log.finding(
            Finding(subject: service.app.description, what: "database \(service.name) \(what)", action: .repair),
            repairs: repairs)
        guard repairs else { return }
        if let current = record.current, !look.roles.isSuperset(of: wanted) {
            try await open(record.app, to: current)
        }
        try await close(record.app, but: record.current)
    }

    /// What a release logs in as.
    private static func roles(of release: Release?) -> Set<DatabaseRole> {
        guard let release, let service = release.manifest.database,
            let version = release.secrets.first(where: { $0.name == service.secret })
        else { return [] }
        return [DatabaseRole(of: version.credential)]
    }

    /// Takes the services of an app away that is being deleted: they are kept a while, and nobody gets in.
    func release(_ app: AppReference, purging: Bool) async throws(PortError) {
        for service in try await outside.ledger.services(of: app) {
            if purging {
                try await remove(service)
            } else {
                // Nobody knows its password any more: it is no reason to keep the app.
                do throws(PortError) {
                    try await outside.databases?.dismiss(from: service.database, except: [])
                } catch { await log.warn("the roles of a deleted app's database are still there", error) }
            }
        }
        try await outside.ledger.releaseServices(of: app, at: outside.now())
    }

    /// Removes a service with all that is in it.
    func remove(_ service: ServiceRecord) async throws(PortError) {
        try await log.event(.stepStarted, "remove database \(service.name) of \(service.app)")
        try await reach { (server) throws(PortError) in try await server.drop(service.database) }
        try await outside.ledger.removeService(service)
    }

    private func makeCredential(_ type: ServiceType, of app: App) async throws(PortError) {
        let credential = outside.makeID()
        let url = DatabaseURL.make(
            Database(of: app.id), DatabaseRole(of: credential), random: outside.random(DatabaseURL.passwordBytes))
        try await outside.secrets.keep(url, as: credential)
        _ = try await outside.ledger.addSecret(app.reference, type.secret, credential: credential, at: outside.now())
    }

    private func login(
        to service: ServiceSpecification, of release: Release
    ) async throws(PortError) -> (DatabaseRole, Secret) {
        guard let version = release.secrets.first(where: { $0.name == service.secret }) else {
            throw PortError(.unexpected, "service \(service.name)", cause: "the release has no credential of it")
        }
        let url = try await outside.secrets.open(version.credential)
        guard let password = DatabaseURL.password(of: url) else {
            throw PortError(
                .refused, "service \(service.name)",
                cause: "version \(version.number) of secret \(service.secret) was not made by the platform; mend: "
                    + "tussilago secret unset \(release.app) \(service.secret)")
        }
        return (DatabaseRole(of: version.credential), password)
    }

    /// Does something on the server, which is started for it if nobody has yet, and waited for while it is away.
    private func reach(
        _ body: (any DatabaseServer) async throws(PortError) -> Void
    ) async throws(PortError) {
        guard let server = outside.databases else {
            throw PortError(.refused, "databases", cause: "this host has none")
        }
        do throws(PortError) {
            try await outside.services.start([.databases], deadline: Self.startDeadline)
        } catch  where !error.isTransient {
            throw PortError(
                .refused, "databases",
                cause:
                    "\(UnitName.databases) does not start (\(error.cause)); mend: apt install postgresql-17 pgbouncer, "
                    + "and see: systemctl status \(UnitName.databases)",
                detail: error.detail)
        } catch {}
        var attempt = 1
        while true {
            try halt.check()
            do throws(PortError) { return try await body(server) } catch {
                guard error.isTransient, let wait = Self.patience.wait(after: attempt, chance: 0.5) else { throw error }
                if attempt == 1 { try await log.event(.retrying, "\(error.subject): \(error.cause); it is waited for") }
                do { try await outside.sleep(wait) } catch {
                    throw PortError(.unavailable, "databases", cause: "the agent is stopping")
                }
            }
            attempt += 1
        }
    }
}
