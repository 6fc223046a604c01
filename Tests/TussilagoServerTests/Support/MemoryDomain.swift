import FoundationEssentials
import TussilagoAPI
import TussilagoCore
import TussilagoServer

/// A domain in memory.
///
/// Operations succeed at once, but for those about an app called `slow`: they run until ``end(_:)``.
actor MemoryDomain: Domain {
    private var tenantsByName: [TenantName: TenantResource] = [:]
    private var appsByName: [AppReference: AppResource] = [:]
    private var releasesByApp: [AppReference: [ReleaseResource]] = [:]
    private var operationsByID: [UUID: OperationResource] = [:]
    private var order: [UUID] = []
    private var keys: [String: (submission: Submission, operation: UUID)] = [:]
    private var eventsByID: [UUID: [OperationEvent]] = [:]
    private var watchers: [UUID: [Int: AsyncStream<OperationEvent>.Continuation]] = [:]
    private var watched = 0
    /// Who may do what, and what was recorded.
    nonisolated let rights = MemoryAccess()
    /// Who asked last for an operation.
    private(set) var lastCaller: Caller?
    private(set) var lastSecret: Secret?

    /// How many streams are being read.
    var watching: Int { watchers.values.map(\.count).reduce(0, +) }

    func status() async throws(Problem) -> StatusResource {
        StatusResource(
            version: "1.0.0", tenants: tenantsByName.count, apps: appsByName.count, openOperations: 0,
            parts: [.init(name: "systemd", ok: true, detail: "ok")])
    }

    func tenants(_ query: PageQuery) async throws(Problem) -> PageResource<TenantResource> {
        page(tenantsByName.values.sorted { $0.name < $1.name }, query) { $0.name.rawValue }
    }

    func tenant(_ name: TenantName) async throws(Problem) -> TenantResource {
        guard let tenant = tenantsByName[name] else { throw Problem(.notFound, "there is no tenant \(name)") }
        return tenant
    }

    func apps(of tenant: TenantName?, _ query: PageQuery) async throws(Problem) -> PageResource<AppResource> {
        if let tenant { _ = try await self.tenant(tenant) }
        let apps = appsByName.filter { tenant == nil || $0.key.tenant == tenant }.sorted { $0.key < $1.key }
        return page(apps.map(\.value), query) { "\($0.tenant)/\($0.name)" }
    }

    func app(_ app: AppReference) async throws(Problem) -> AppResource {
        guard let found = appsByName[app] else { throw Problem(.notFound, "there is no app \(app)") }
        return found
    }

    func appStatus(_ app: AppReference) async throws(Problem) -> AppStatusResource {
        AppStatusResource(
            app: try await self.app(app), state: "empty", target: "t.target", instances: [],
            operation: order.last.flatMap { operationsByID[$0] })
    }

    func releases(of app: AppReference, _ query: PageQuery) async throws(Problem) -> PageResource<ReleaseResource> {
        _ = try await self.app(app)
        return page((releasesByApp[app] ?? []).reversed(), query) { "\($0.number)" }
    }

    func domains(of tenant: TenantName) async throws(Problem) -> PageResource<DomainResource> {
        _ = try await self.tenant(tenant)
        return PageResource(items: [], next: nil)
    }

    func domain(_ hostname: Hostname, of tenant: TenantName) async throws(Problem) -> DomainResource {
        _ = try await self.tenant(tenant)
        return DomainResource(
            ClaimedDomain(hostname: hostname, tenant: tenant, challenge: UUID(), createdAt: Date()))
    }

    func release(_ number: ReleaseNumber, of app: AppReference) async throws(Problem) -> ReleaseResource {
        guard let release = releasesByApp[app]?.first(where: { $0.number == number }) else {
            throw Problem(.notFound, "there is no release \(number) of \(app)")
        }
        return release
    }

    func secrets(of app: AppReference) async throws(Problem) -> PageResource<SecretResource> {
        _ = try await known(app)
        return PageResource(items: [], next: nil)
    }

    func services(of app: AppReference) async throws(Problem) -> PageResource<ServiceResource> {
        _ = try await known(app)
        return PageResource(items: [], next: nil)
    }

    private var sources: [Digest: Int64] = [:]

    func source(_ source: Digest, for app: AppReference) async throws(Problem) -> SourceResource {
        _ = try await self.app(app)
        guard let size = sources[source] else { throw Problem(.notFound, "there is no such archive") }
        return SourceResource(source, size: Bytes(size))
    }

    func receive(_ source: Digest, for app: AppReference, _ body: UploadBody) async throws -> SourceResource {
        _ = try await self.app(app)
        var size: Int64 = 0
        for try await piece in body { size += Int64(piece.count) }
        sources[source] = size
        return SourceResource(source, size: Bytes(size))
    }

    func runtimes() async throws(Problem) -> PageResource<RuntimeResource> { PageResource(items: [], next: nil) }

    func setRuntime(_ version: PythonVersion, _ request: RuntimeRequest) async throws(Problem) -> RuntimeResource {
        guard let image = try? Digest(String(repeating: "a", count: 64)) else { throw Problem(.inner, "no digest") }
        return RuntimeResource(version: version, image: image, isDefault: request.isDefault ?? false)
    }

    func routes(of app: AppReference) async throws(Problem) -> PageResource<RouteResource> {
        _ = try await self.app(app)
        return PageResource(items: [RouteResource(hostname: "shop.example", app: "\(app)")], next: nil)
    }

    func plan(_ request: DeployRequest, for app: AppReference) async throws(Problem) -> PlanResource {
        _ = try await self.app(app)
        return PlanResource(
            steps: ["start web"], changes: [.init(subject: "a.container", reason: "it is new", before: nil, after: "x")]
        )
    }

    func findings() async throws(Problem) -> PageResource<Finding> {
        PageResource(items: [Finding(subject: "acme/shop", what: "it is stopped", action: .respect)], next: nil)
    }

    func waste() async throws(Problem) -> WasteResource { WasteResource(items: ["a file tree"]) }

    func backup(secretsKey: String?) async throws(Problem) -> any ArchiveReading { MemoryArchive() }

    func cancel(_ id: UUID, among tenants: Set<TenantName>?) async throws(Problem) -> OperationResource {
        try await operation(id, among: tenants)
    }

    func operations(_ query: OperationQuery) async throws(Problem) -> PageResource<OperationResource> {
        let chosen = order.reversed().compactMap { operationsByID[$0] }.filter { operation in
            (query.tenant == nil || operation.tenant == query.tenant)
                && (query.app == nil || operation.app == query.app)
                && (query.state == nil || operation.state == query.state)
        }
        return page(chosen, query.page) { $0.id.uuidString }
    }

    func operation(_ id: UUID, among tenants: Set<TenantName>?) async throws(Problem) -> OperationResource {
        guard let operation = operationsByID[id],
            tenants.map({ all in operation.tenant.map(all.contains) ?? false }) ?? true
        else { throw Problem(.notFound, "there is no such operation") }
        return operation
    }

    func events(
        of operation: UUID, among tenants: Set<TenantName>?, after sequence: Int
    ) async throws(Problem) -> AsyncStream<OperationEvent> {
        let found = try await self.operation(operation, among: tenants)
        let (stream, continuation) = AsyncStream.makeStream(of: OperationEvent.self)
        for event in eventsByID[operation] ?? [] where event.sequence > sequence { continuation.yield(event) }
        guard !found.state.isFinal else {
            continuation.finish()
            return stream
        }
        watched += 1
        let watcher = watched
        watchers[operation, default: [:]][watcher] = continuation
        continuation.onTermination = { _ in Task { await self.leave(operation, watcher) } }
        return stream
    }

    func submit(
        _ submission: Submission, by caller: Caller, requestID: UUID, key: String?, waiting: Bool
    ) async throws(Problem) -> OperationResource {
        lastCaller = caller
        if let key, let earlier = keys[key] {
            guard earlier.submission == submission else { throw Problem(.keyReused, "the key was used before") }
            return try await operation(earlier.operation, among: nil)
        }
        let request = try await apply(submission)
        var operation = Operation(
            id: UUID(), request: request, caller: caller.name, requestID: requestID, acceptedAt: Date())
        let isSlow = request.app?.app.rawValue == "slow"
        operation.state = isSlow ? .running : .succeeded
        operationsByID[operation.id] = OperationResource(operation)
        order.append(operation.id)
        if let key { keys[key] = (submission, operation.id) }
        tell(operation.id, .accepted)
        tell(operation.id, isSlow ? .started : .succeeded)
        return OperationResource(operation)
    }

    /// Lets a slow operation say something.
    func tell(_ operation: UUID, _ kind: OperationEvent.Kind) {
        let sequence = (eventsByID[operation]?.count ?? 0) + 1
        let event = OperationEvent(sequence: sequence, at: Date(), kind: kind, text: "a line\nand another")
        eventsByID[operation, default: []].append(event)
        for watcher in watchers[operation]?.values ?? [:].values { watcher.yield(event) }
    }

    /// Lets a slow operation succeed.
    func end(_ operation: UUID) {
        operationsByID[operation]?.state = .succeeded
        tell(operation, .succeeded)
        for watcher in watchers[operation]?.values ?? [:].values { watcher.finish() }
    }

    private func leave(_ operation: UUID, _ watcher: Int) { watchers[operation]?[watcher] = nil }

    private func apply(_ submission: Submission) async throws(Problem) -> Operation.Request {
        switch submission {
        case .createTenant(let request):
            let name = TenantName(unchecked: request.name)
            guard tenantsByName[name] == nil else { throw Problem(.conflict, "there is a tenant \(name) already") }
            tenantsByName[name] = TenantResource(id: UUID(), name: name, createdAt: Date(), apps: 0)
            return .createTenant(name)
        case .deleteTenant(let name):
            _ = try await tenant(name)
            guard !appsByName.keys.contains(where: { $0.tenant == name }) else {
                throw Problem(.conflict, "it has apps")
            }
            tenantsByName[name] = nil
            return .deleteTenant(name)
        case .setQuota(let name, let request):
            _ = try await tenant(name)
            return .setQuota(name, request.quota)
        case .setEgress(let name, let request):
            let tenant = try await tenant(name)
            tenantsByName[name] = TenantResource(
                id: tenant.id, name: name, createdAt: tenant.createdAt, apps: 0, egress: request.egress)
            return .setEgress(name, request.egress)
        case .setPolicy(let name, let loosening):
            let tenant = try await tenant(name)
            tenantsByName[name] = TenantResource(
                id: tenant.id, name: name, createdAt: tenant.createdAt, apps: 0,
                policy: loosening.map { PolicyResource($0) })
            return .setPolicy(name, loosening)
        case .addDomain(let tenant, let request):
            _ = try await self.tenant(tenant)
            guard let hostname = try? Hostname(request.hostname) else {
                throw Problem(.invalidRequest, "it is no hostname", field: "hostname")
            }
            return .addDomain(tenant, hostname, vouched: request.vouch ?? false)
        case .verifyDomain(let tenant, let hostname):
            _ = try await domain(hostname, of: tenant)
            return .verifyDomain(tenant, hostname)
        case .removeDomain(let tenant, let hostname):
            _ = try await domain(hostname, of: tenant)
            return .removeDomain(tenant, hostname)
        case .createApp(let tenant, let request):
            _ = try await self.tenant(tenant)
            let app = AppReference(tenant: tenant, app: AppName(unchecked: request.name))
            guard appsByName[app] == nil else { throw Problem(.conflict, "there is an app \(app) already") }
            appsByName[app] = AppResource(
                id: UUID(), tenant: tenant, name: app.app, createdAt: Date(), release: nil, hostnames: [])
            return .createApp(app)
        case .deleteApp(let app, let purge):
            _ = try await self.app(app)
            appsByName[app] = nil
            releasesByApp[app] = nil
            return .deleteApp(app, purge: purge ? true : nil)
        case .deploy(let app, let request):
            _ = try await self.app(app)
            addRelease(to: app)
            guard let image = try? ImageReference(request.image ?? "localhost/x:1") else {
                throw Problem(.invalidRequest, "it is no image", field: "image")
            }
            return .deploy(app, Deployment(image: image, manifest: Manifest(processes: [])))
        case .start(let app): return .start(try await known(app))
        case .stop(let app): return .stop(try await known(app))
        case .restart(let app): return .restart(try await known(app))
        case .scale(let app, _): return .scale(try await known(app), [:])
        case .rollback(let app, let request): return .rollback(try await known(app), request.release)
        case .setSecret(let app, let name, let secret):
            _ = try await known(app)
            lastSecret = secret
            return .setSecret(app, name, credential: UUID())
        case .unsetSecret(let app, let name): return .unsetSecret(try await known(app), name)
        case .rotateSecrets(let app): return .rotateSecrets(try await known(app))
        case .rotateServices(let app): return .rotateServices(try await known(app))
        case .reconcile: return .reconcile
        case .collect: return .collect
        case .restore(let request): return .restore(request.file, secretsKey: request.secretsKey)
        }
    }

    private func known(_ app: AppReference) async throws(Problem) -> AppReference {
        _ = try await self.app(app)
        return app
    }

    private func addRelease(to app: AppReference) {
        let number = ReleaseNumber(rawValue: (releasesByApp[app]?.count ?? 0) + 1) ?? .first
        releasesByApp[app, default: []].append(
            ReleaseResource(
                id: UUID(), number: number, state: .current, createdAt: Date(), operation: UUID(),
                image: "localhost/x:1",
                imageDigest: "sha256:0", tree: nil, hostnames: [], processes: ["web=1"],
                caller: "root", reason: "deploy", differences: []))
    }

    private func page<Item>(_ items: [Item], _ query: PageQuery, cursor: (Item) -> String) -> PageResource<Item> {
        let start = query.cursor.flatMap { last in items.firstIndex { cursor($0) == last } }.map { $0 + 1 } ?? 0
        let rest = items.dropFirst(start)
        let shown = Array(rest.prefix(query.limit))
        return PageResource(items: shown, next: rest.count > shown.count ? shown.last.map(cursor) : nil)
    }
}

/// An archive of two pieces.
actor MemoryArchive: ArchiveReading {
    nonisolated let size = 8
    private var pieces = [Array("back".utf8), Array("up!\n".utf8)]

    func next() -> [UInt8]? { pieces.isEmpty ? nil : pieces.removeFirst() }
}
