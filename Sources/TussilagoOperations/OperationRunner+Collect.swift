import FoundationEssentials
public import TussilagoCore

extension OperationRunner {
    /// Removes what carries the platform's mark and nothing refers to any more.
    func collect() async throws(PortError) {
        let waste = try await Waste.find(outside)
        for thing in waste.things { try await log.event(.finding, "\(thing) is removed: nothing refers to it") }
        try await waste.remove(outside, executor: executor)
        for service in waste.services { try await services.remove(service) }
    }
}

/// What is on the host in the platform's name and belongs to nothing that the ledger knows.
public struct Waste: Sendable {
    /// Tenants and apps of which there are files, and no row.
    let orphans: [Scope]
    /// Bridges of apps that are gone.
    let bridges: [AppReference]
    /// File trees that no release refers to.
    let trees: [Digest]
    /// The archives of sources that releases refer to, and how many others there are.
    let sources: [TenantName: Set<Digest>]
    let oldSources: Int
    /// Values of secrets that no release refers to and no deploy would take, by their apps.
    let secrets: [AppReference: Set<UUID>]
    /// Credentials that belong to no secret.
    let credentials: [UUID]
    /// Services of apps that were deleted so long ago that nobody wants them back.
    let services: [ServiceRecord]
    /// The images that releases refer to; others that were kept for releases are let go.
    let images: Set<Digest>

    /// What there is, in words.
    public var things: [String] {
        orphans.map { "what is left of \($0)" } + bridges.map { "the bridge of \($0)" }
            + trees.map { "the file tree \($0.hexadecimal.prefix(12))" }
            + secrets.sorted { $0.key < $1.key }.map { "\($0.value.count) earlier values of secrets of \($0.key)" }
            + (oldSources > 0 ? ["\(oldSources) archives of sources"] : [])
            + services.map { "the database of \($0.app), deleted \($0.releasedAt.map(Self.day) ?? "")," }
            + credentials.map { "the credential \($0.lowercased.prefix(8)) of no secret" }
    }

    private static func day(_ date: Date) -> String { String(date.formatted(.iso8601).prefix(10)) }

    /// Finds it. Nothing is changed.
    public static func find(_ outside: Outside) async throws(PortError) -> Waste {
        // What is stored is listed first: a tree or an app that is made meanwhile is then not taken for waste.
        let stored = try await outside.units.stored()
        let bridges = try await outside.images.bridges()
        let review = SecretReview(outside: outside)
        var known: Set<Scope> = [], trees: Set<Digest> = [], images: Set<Digest> = []
        var secrets: [AppReference: Set<UUID>] = [:], sources: [TenantName: Set<Digest>] = [:]
        try await outside.ledger.forTenants { (tenants) throws(PortError) in
            known.formUnion(tenants.map { .tenant($0.tenant.name) })
        }
        try await outside.ledger.forApps { (apps) throws(PortError) in
            for record in apps {
                known.insert(.app(record.app.reference))
                let releases = try await outside.ledger.releases(
                    of: record.app.reference, PageQuery(limit: PageQuery.maximumLimit)
                ).items.filter { $0.state != .failed }
                trees.formUnion(releases.flatMap(\.release.artefact.trees))
                sources[record.app.reference.tenant, default: []].formUnion(
                    releases.compactMap(\.release.artefact.built?.source))
                images.formUnion(releases.map(\.release.artefact.image.digest))
                let unused = try await review.unused(of: record.app.reference, releases)
                if !unused.isEmpty { secrets[record.app.reference] = unused }
            }
        }
        // What its own files name with their ids is no waste but a row that was lost: the next reconcile takes it in.
        let records = try await outside.units.records(of: stored.scopes.subtracting(known))
        known.formUnion(records.tenants.compactMap { $0.versions.first.map { .tenant($0.name) } })
        known.formUnion(records.apps.compactMap { $0.versions.first.map { .app($0.reference) } })
        return Waste(
            orphans: stored.scopes.subtracting(known).sorted { $0.description < $1.description },
            bridges: bridges.filter { !known.contains(.app($0)) }.sorted(),
            trees: stored.trees.subtracting(trees).sorted(), sources: sources,
            oldSources: try await outside.builds?.collect(except: sources, removing: false) ?? 0, secrets: secrets,
            credentials: try await review.orphans(),
            services: try await outside.ledger.releasedServices().filter { $0.isOver(at: outside.now()) },
            images: images)
    }

    /// Removes it.
    func remove(_ outside: Outside, executor: Executor) async throws(PortError) {
        // Apps before their tenants.
        for scope in orphans.reversed() {
            let desired =
                switch scope {
                case .tenant(let name): DesiredState(tenant: name, nil, egress: .none)
                case .app(let app): DesiredState(gone: app)
                }
            let plan = Planner.plan(from: try await Observer(outside).observe(desired), to: desired)
            for step in plan.steps { try await executor.perform(step) }
            // Nothing of it runs any more.
            if case .app(let app) = scope { try await outside.units.removeRemains(of: app) }
        }
        for app in bridges { try await outside.images.removeBridge(of: app) }
        try await outside.units.removeTrees(trees)
        _ = try await outside.builds?.collect(except: sources, removing: true)
        for (app, unused) in secrets {
            try await outside.ledger.removeSecrets(app, unused)
            try await executor.perform(.files(.noteSecrets(app, try await outside.ledger.secrets(of: app))))
            try await outside.secrets.remove(Array(unused))
        }
        try await outside.secrets.remove(credentials)
        _ = try await outside.images.release(except: images)
    }
}
