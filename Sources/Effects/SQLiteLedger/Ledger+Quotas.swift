internal import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func setQuota(_ quota: Quota, of tenant: TenantName) throws(PortError) {
        try write { (connection) throws(PortError) in
            guard try connection.holds("SELECT 1 FROM tenant WHERE name = ?1", [.name(tenant)]) else {
                throw PortError(.notFound, "tenant", cause: "there is no tenant \(tenant)")
            }
            try connection.set(quota, of: tenant)
        }
    }

    public func unmeasuredTrees(of tenant: TenantName) throws(PortError) -> [Digest] {
        try open().rows(
            """
            SELECT digest FROM (\(Connection.trees(where: "tenant = ?1 AND state <> 'failed'")))
            WHERE digest NOT IN (SELECT digest FROM tree)
            """, [.name(tenant)]
        ) { (row) throws(PortError) in try row.value(0) { try? Digest($0) } }
    }

    public func note(size: Bytes, of tree: Digest) throws(PortError) {
        try write { (connection) throws(PortError) in
            try connection.run(
                "INSERT INTO tree VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [.text(tree.description), .integer(size.count)])
        }
    }

    /// What a tenant has, all of its apps together.
    public func usage(of tenant: TenantName) throws(PortError) -> Usage { try open().usage(of: tenant) }
}

extension Connection {
    /// The digests of the trees that releases need, in SQL, of those for which `condition` holds.
    fileprivate static func trees(where condition: String) -> String {
        ["imageWithFiles.tree", "source.built.tree", "source.built.packages"].map { path in
            let tree = "json_extract(release.content, '$.artefact.\(path)')"
            return "SELECT \(tree) AS digest FROM release WHERE \(tree) IS NOT NULL AND \(condition)"
        }.joined(separator: " UNION ")
    }

    /// The quota of a tenant, which has none where there is no row.
    func quota(of tenant: TenantName) throws(PortError) -> Quota {
        try row("SELECT content FROM quota WHERE tenant = ?1", [.name(tenant)]) { (row) throws(PortError) in
            try row.value(0) { Quota(text: $0) }
        } ?? Quota()
    }

    func set(_ quota: Quota, of tenant: TenantName) throws(PortError) {
        if quota.isEmpty { return try run("DELETE FROM quota WHERE tenant = ?1", [.name(tenant)]) }
        try run(
            "INSERT INTO quota VALUES (?1, ?2) ON CONFLICT (tenant) DO UPDATE SET content = ?2",
            [.name(tenant), .text(quota.text)])
    }

    /// What a tenant has. Each app counts with what it runs or is about to, whichever is more, whether it is stopped or not.
    /// - Parameter app: an app that is left out.
    func usage(of tenant: TenantName, except app: AppReference? = nil) throws(PortError) -> Usage {
        let releases = try rows(
            "SELECT id, content FROM release WHERE tenant = ?1 AND state IN ('current', 'pending')", [.name(tenant)]
        ) { (row) throws(PortError) in try release(row, id: 0, content: 1) }
        var apps: [AppReference: Usage] = [:]
        for release in releases where release.app != app {
            apps[release.app] = (apps[release.app] ?? Usage()).most(Usage(release.manifest))
        }
        var usage = apps.values.reduce(Usage(), +)
        usage[.apps] = Int64(
            try row("SELECT count(*) FROM app WHERE tenant = ?1", [.name(tenant)]) { (row) throws(PortError) in
                try row.integer(0)
            } ?? 0)
        usage[.disk] = try disk(of: tenant, with: [])
        return usage
    }

    /// The bytes of the trees that a tenant's releases refer to, each tree once, and of those of one more.
    private func disk(of tenant: TenantName, with trees: [Digest]) throws(PortError) -> Int64 {
        let bytes = try row(
            """
            SELECT coalesce(sum(bytes), 0) FROM tree WHERE digest IN (?2, ?3) OR digest IN (
                \(Self.trees(where: "tenant = ?1 AND state <> 'failed'")))
            """, [.name(tenant), .text(trees.first?.description), .text(trees.dropFirst().first?.description)]
        ) { (row) throws(PortError) in try row.integer(0) }
        return Int64(bytes ?? 0)
    }

    private func isMeasured(_ tree: Digest) throws(PortError) -> Bool {
        try holds("SELECT 1 FROM tree WHERE digest = ?1", [.text(tree.description)])
    }

    /// Forgets how large trees are that no release refers to any more.
    func forgetTrees() throws(PortError) {
        try run(
            """
            DELETE FROM tree WHERE digest NOT IN (\(Self.trees(where: "1")))
            """)
    }

    /// Refuses a release with which its tenant would have more than it may.
    func admit(_ manifest: Manifest, trees: [Digest], of app: AppReference) throws(PortError) {
        let quota = try quota(of: app.tenant)
        guard !quota.isEmpty else { return }
        var wanted = try usage(of: app.tenant, except: app) + Usage(manifest)
        if quota.disk != nil {
            // It was measured before, but what no release refers to is forgotten: then it is measured again.
            for tree in trees where try !isMeasured(tree) {
                throw PortError(.unavailable, "file tree", cause: "its size is not known any more")
            }
            wanted[.disk] = try disk(of: app.tenant, with: trees)
        }
        try quota.check(wanted, now: try usage(of: app.tenant), of: app.tenant)
    }

    /// Refuses an app with which its tenant would have more than it may. Those that are asked for count.
    func admitApp(_ app: AppReference, counting others: Bool) throws(PortError) {
        let quota = try quota(of: app.tenant)
        guard quota.apps != nil else { return }
        let now = try usage(of: app.tenant)
        var wanted = now
        wanted[.apps] += 1
        if others {
            let asked = try row(
                """
                SELECT count(DISTINCT operation.app) FROM operation INDEXED BY operation_open
                WHERE state IN ('accepted', 'running') AND tenant = ?1 AND operation.app <> ?2
                    AND request LIKE '{"createApp"%'
                    AND NOT EXISTS (SELECT 1 FROM app WHERE app.tenant = ?1 AND app.name = operation.app)
                """, app.key
            ) { (row) throws(PortError) in try row.integer(0) }
            wanted[.apps] += Int64(asked ?? 0)
        }
        try quota.check(wanted, now: now, of: app.tenant)
    }

    /// What can be refused at once is; what is made of it is looked at again when it is made.
    func admit(_ request: Operation.Request) throws(PortError) {
        guard let tenant = request.tenant, try !quota(of: tenant).isEmpty else { return }
        switch request {
        case .createApp(let app):
            guard try !holds("SELECT 1 FROM app WHERE tenant = ?1 AND name = ?2", app.key) else { return }
            try admitApp(app, counting: true)
        case .deploy(let app, let deployment):
            try admit(deployment.manifest(after: try current(of: app)), trees: [], of: app)
        case .scale(let app, let counts):
            guard let current = try current(of: app) else { return }
            try admit(try current.manifest.scaled(to: counts), trees: [], of: app)
        default: break
        }
    }

    private func current(of app: AppReference) throws(PortError) -> Release? {
        try row(
            "SELECT id, content FROM release WHERE tenant = ?1 AND app = ?2 AND state = 'current'", app.key
        ) { (row) throws(PortError) in try release(row, id: 0, content: 1) }
    }
}
