import CaddyAdmin
import Documents
import FoundationEssentials
import SQLiteLedger
import SystemdBus
import TussilagoAPI
import TussilagoCore
import TussilagoOperations
import TussilagoServer

/// What the server's requests are about: reads go to the ledger and to systemd, writes become operations.
struct Platform: Domain {
    let outside: Outside
    let queue: OperationQueue
    let ledger: SQLiteLedger
    let systemd: Systemd
    let caddy: Caddy
    let settings: Settings

    /// Runs a body whose errors are the ports', and answers with problems.
    func answering<Value: Sendable>(
        _ body: () async throws(PortError) -> Value
    ) async throws(Problem) -> Value {
        do throws(PortError) { return try await body() } catch { throw Problem(error) }
    }

    func tenants(_ query: PageQuery) async throws(Problem) -> PageResource<TenantResource> {
        PageResource(
            try await answering { () throws(PortError) in try await ledger.tenants(query) }.map { TenantResource($0) })
    }

    func tenant(_ name: TenantName) async throws(Problem) -> TenantResource {
        TenantResource(try await known(name))
    }

    func domains(of tenant: TenantName) async throws(Problem) -> PageResource<DomainResource> {
        _ = try await known(tenant)
        let domains = try await answering { () throws(PortError) in try await ledger.domains(of: tenant) }
        return PageResource(items: domains.map { DomainResource($0) }, next: nil)
    }

    func domain(_ hostname: Hostname, of tenant: TenantName) async throws(Problem) -> DomainResource {
        _ = try await known(tenant)
        guard
            let domain = try await answering({ () throws(PortError) in try await ledger.domain(hostname, of: tenant) })
        else {
            throw Problem(
                .notFound, "tenant \(tenant) has no domain \(hostname)", field: "hostname",
                remedy: "tussilago domain list \(tenant)")
        }
        return DomainResource(domain)
    }

    func apps(of tenant: TenantName?, _ query: PageQuery) async throws(Problem) -> PageResource<AppResource> {
        if let tenant { _ = try await known(tenant) }
        return PageResource(
            try await answering { () throws(PortError) in try await ledger.apps(of: tenant, query) }.map {
                AppResource($0)
            })
    }

    func app(_ app: AppReference) async throws(Problem) -> AppResource { AppResource(try await known(app)) }

    func releases(of app: AppReference, _ query: PageQuery) async throws(Problem) -> PageResource<ReleaseResource> {
        _ = try await known(app)
        let page = try await answering { () throws(PortError) in try await ledger.releases(of: app, query) }
        var older = page.items.dropFirst().map(Optional.some)
        // What the last of a page differs from stands on the next.
        if let last = page.items.last { older.append(try await predecessor(of: last)) }
        return PageResource(
            items: zip(page.items, older).map { ReleaseResource($0, before: $1?.release) }, next: page.next)
    }

    private func predecessor(of record: ReleaseRecord) async throws(Problem) -> ReleaseRecord? {
        let release = record.release
        return try await answering { () throws(PortError) in
            try await ledger.releases(of: release.app, PageQuery(limit: 1, cursor: "\(release.number)")).items.first
        }
    }

    func release(_ number: ReleaseNumber, of app: AppReference) async throws(Problem) -> ReleaseResource {
        guard let record = try await answering({ () throws(PortError) in try await ledger.release(app, number) }) else {
            throw Problem(.notFound, "\(app) has no release \(number)", remedy: "tussilago app show \(app)")
        }
        return ReleaseResource(record, before: try await predecessor(of: record)?.release)
    }

    func secrets(of app: AppReference) async throws(Problem) -> PageResource<SecretResource> {
        let used = try await known(app).current?.secrets ?? []
        let set = try await answering { () throws(PortError) in try await ledger.secrets(of: app) }.filter(\.isCurrent)
        let names = Set(used.map(\.name)).union(set.map(\.version.name)).sorted()
        let items = names.map { name in
            let newest = set.first { $0.version.name == name }
            return SecretResource(
                name: name, version: newest?.version.number, createdAt: newest?.createdAt,
                usedVersion: used.first { $0.name == name }?.number)
        }
        return PageResource(items: items, next: nil)
    }

    func routes(of app: AppReference) async throws(Problem) -> PageResource<RouteResource> {
        let record = try await known(app)
        let hostnames = record.current?.manifest.hostnames ?? []
        return PageResource(items: hostnames.map { RouteResource(hostname: $0.text, app: app.description) }, next: nil)
    }

    func operations(_ query: OperationQuery) async throws(Problem) -> PageResource<OperationResource> {
        PageResource(
            try await answering { () throws(PortError) in try await ledger.operations(query) }
                .map { OperationResource($0) })
    }

    func operation(_ id: UUID, among tenants: Set<TenantName>?) async throws(Problem) -> OperationResource {
        let found = try await answering { () throws(PortError) in try await ledger.operation(id, among: tenants) }
        guard let operation = found else {
            throw Problem(.notFound, "there is no operation \(id.lowercased)", remedy: "tussilago op list")
        }
        return OperationResource(operation)
    }

    // MARK: Look-ups that must succeed

    func known(_ tenant: TenantName) async throws(Problem) -> TenantRecord {
        guard let record = try await answering({ () throws(PortError) in try await ledger.tenant(tenant) }) else {
            throw Problem(.notFound, "there is no tenant \(tenant)", field: "tenant", remedy: "tussilago tenant list")
        }
        return record
    }

    func known(_ app: AppReference) async throws(Problem) -> AppRecord {
        guard let record = try await answering({ () throws(PortError) in try await ledger.app(app) }) else {
            throw Problem(.notFound, "there is no app \(app)", field: "app", remedy: "tussilago app list")
        }
        return record
    }
}

extension PageResource {
    init(_ page: Page<Item>) { self.init(items: page.items, next: page.next) }
}
