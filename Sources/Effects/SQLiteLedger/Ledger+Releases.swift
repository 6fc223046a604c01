public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    public func release(_ app: AppReference, _ number: ReleaseNumber) throws(PortError) -> ReleaseRecord? {
        try open().release(app, number)
    }

    public func releases(of app: AppReference, _ query: PageQuery) throws(PortError) -> Page<ReleaseRecord> {
        let last = try query.position { Int($0).flatMap(ReleaseNumber.init(rawValue:)) }
        let connection = try open()
        let rows = try connection.rows(
            """
            SELECT \(ReleaseRecord.columns) FROM release
            WHERE tenant = ?1 AND app = ?2 AND number < coalesce(?3, 9223372036854775807)
            ORDER BY number DESC LIMIT ?4
            """, app.key + [.number(last?.rawValue), query.rows]
        ) { (row) throws(PortError) in try ReleaseRecord(row, of: connection) }
        return query.page(rows) { $0.release.number.description }
    }

    public func releases(of apps: [AppReference]) throws(PortError) -> [AppReference: [ReleaseRecord]] {
        var releases: [AppReference: [ReleaseRecord]] = [:]
        for app in apps {
            releases[app] = try self.releases(of: app, PageQuery(limit: PageQuery.maximumLimit)).items
        }
        return releases
    }

    /// The last number that any release of the app had, and the newest texts that its templates had.
    public func history(of app: AppReference) throws(PortError) -> ReleaseHistory {
        let connection = try open()
        let last = try connection.row("SELECT last_release FROM app WHERE tenant = ?1 AND name = ?2", app.key) {
            (row) throws(PortError) in try row.integer(0)
        }
        var history = ReleaseHistory(last: last.flatMap(ReleaseNumber.init(rawValue:)))
        // Newest first: of more than 1000 the oldest are left out, and their texts would get new generations.
        let templates = try connection.rows(
            """
            SELECT process, generation, content FROM template
            WHERE tenant = ?1 AND app = ?2 ORDER BY generation DESC, process LIMIT 1000
            """, app.key
        ) { (row) throws(PortError) -> (ProcessName, Release.Template) in
            (try row.name(0), Release.Template(generation: try row.integer(1), text: try row.text(2)))
        }
        for (process, template) in templates { history.templates[process, default: []].append(template) }
        let generations = try connection.rows(
            "SELECT process, max(generation) FROM template WHERE tenant = ?1 AND app = ?2 GROUP BY process", app.key
        ) { (row) throws(PortError) -> (ProcessName, Int) in (try row.name(0), try row.integer(1)) }
        for (process, generation) in generations { history.generations[process] = generation }
        return history
    }

    /// Writes a release down as `pending` and claims its hostnames for the app; the same again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` naming a hostname that another app owns, or when the number
    ///   belongs to another release; ``PortError/Code-swift.enum/notFound`` when there is no such app.
    public func addRelease(_ release: Release, by operation: UUID, at: Date) throws(PortError) {
        try write { (connection) throws(PortError) in
            if let known = try connection.release(release.app, release.number) {
                guard known.release == release else { throw release.numberTaken }
                return
            }
            try connection.admit(release.manifest, trees: release.artefact.trees, of: release.app)
            try connection.raiseLastRelease(to: release)
            try connection.run(
                """
                INSERT INTO release (tenant, app, number, id, state, created_at, operation, content)
                VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7)
                """,
                release.key + [.id(release.id), try .time(at), .id(operation), .text(try release.text())])
            for (process, template) in release.templates {
                try connection.keep(template, of: process, app: release.app)
            }
            for hostname in release.manifest.hostnames { try connection.claim(hostname, for: release) }
        }
    }

    /// Writes how a release came out: a pending one becomes `current` or `failed`, or `superseded` again when it was one
    /// to go back to. The same again is no change.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such release,
    ///   ``PortError/Code-swift.enum/refused`` when it came out in another way before.
    public func settleRelease(
        _ app: AppReference, _ number: ReleaseNumber, as state: ReleaseState
    ) throws(PortError) {
        try write { (connection) throws(PortError) in
            guard let known = try connection.release(app, number) else {
                throw PortError(.notFound, "\(app) release \(number)", cause: "there is no such release")
            }
            if known.state == state { return }
            guard known.state == .pending, state != .pending else {
                throw PortError(
                    .refused, "\(app) release \(number)",
                    cause: "it is \(known.state.rawValue), and cannot become \(state.rawValue)")
            }
            if state == .current { try connection.supersedeCurrent(of: app) }
            try connection.run(
                "UPDATE release SET state = ?4 WHERE tenant = ?1 AND app = ?2 AND number = ?3",
                app.key + [.number(number.rawValue), .text(state.rawValue)])
            try connection.freeHostnames(of: app)
        }
    }

    /// Makes a superseded release `pending` again, for an operation that goes back to it, and claims its hostnames.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` naming a hostname that another app owns by now,
    ///   ``PortError/Code-swift.enum/refused`` when the release is in another state.
    public func reviveRelease(
        _ app: AppReference, _ number: ReleaseNumber, by operation: UUID
    ) throws(PortError) {
        try write { (connection) throws(PortError) in
            guard let known = try connection.release(app, number) else {
                throw PortError(.notFound, "\(app) release \(number)", cause: "there is no such release")
            }
            guard known.state == .superseded else {
                throw PortError(
                    .refused, "\(app) release \(number)", cause: "it is \(known.state.rawValue), not superseded")
            }
            try connection.admit(known.release.manifest, trees: known.release.artefact.trees, of: app)
            try connection.run(
                "UPDATE release SET state = 'pending', operation = ?4 WHERE tenant = ?1 AND app = ?2 AND number = ?3",
                known.release.key + [.id(operation)])
            for hostname in known.release.manifest.hostnames { try connection.claim(hostname, for: known.release) }
        }
    }

    /// The releases that are pending though the operation that was to have them serve has ended, as many as a page has at
    /// most; of one app, or of all.
    public func unfinishedReleases(of app: AppReference?) throws(PortError) -> [ReleaseRecord] {
        let connection = try open()
        return try connection.rows(
            """
            SELECT \(ReleaseRecord.columns) FROM release
            WHERE \(app == nil ? "" : "tenant = ?1 AND app = ?2 AND") state = 'pending' AND NOT EXISTS (
                SELECT 1 FROM operation
                WHERE operation.id = release.operation AND operation.state IN ('accepted', 'running'))
            ORDER BY tenant, app, number LIMIT \(PageQuery.maximumLimit)
            """, app?.key ?? []
        ) { (row) throws(PortError) in try ReleaseRecord(row, of: connection) }
    }

    /// Forgets releases that are neither current nor pending.
    public func removeReleases(_ app: AppReference, _ numbers: [ReleaseNumber]) throws(PortError) {
        try write { (connection) throws(PortError) in
            for number in numbers {
                try connection.run(
                    """
                    DELETE FROM release WHERE tenant = ?1 AND app = ?2 AND number = ?3
                        AND state IN ('superseded', 'failed')
                    """, app.key + [.number(number.rawValue)])
            }
            try connection.forgetTrees()
        }
    }

    public func routes() throws(PortError) -> RouteTable {
        let routes = try open().rows(
            """
            SELECT claim.hostname, claim.tenant, claim.app FROM release JOIN claim
                ON claim.tenant = release.tenant AND claim.app = release.app AND claim.release = release.number
            WHERE release.state = 'current'
            """
        ) { (row) throws(PortError) -> (hostname: Hostname, app: AppReference) in
            (hostname: try row.value(0) { try? Hostname($0) }, app: try AppReference(row, at: 1))
        }
        return RouteTable(routes)
    }
}
