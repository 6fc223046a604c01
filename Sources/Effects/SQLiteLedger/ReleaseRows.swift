internal import TussilagoCore

extension Connection {
    func release(_ app: AppReference, _ number: ReleaseNumber) throws(PortError) -> ReleaseRecord? {
        try row(
            "SELECT \(ReleaseRecord.columns) FROM release WHERE tenant = ?1 AND app = ?2 AND number = ?3",
            app.key + [.number(number.rawValue)]
        ) { (row) throws(PortError) in try ReleaseRecord(row, of: self) }
    }

    /// Remembers a release's number as the app's last, so that it is never used again.
    func raiseLastRelease(to release: Release) throws(PortError) {
        let last = try row("SELECT last_release FROM app WHERE tenant = ?1 AND name = ?2", release.app.key) {
            (row) throws(PortError) in try row.integer(0)
        }
        guard let last else { throw PortError(.notFound, release.app.description, cause: "there is no such app") }
        guard last < release.number.rawValue else { throw release.numberTaken }
        try run("UPDATE app SET last_release = ?3 WHERE tenant = ?1 AND name = ?2", release.key)
    }

    /// Keeps a template's text under its generation, which has that text for ever.
    func keep(_ template: Release.Template, of process: ProcessName, app: AppReference) throws(PortError) {
        let values: [Value] = app.key + [.name(process), .number(template.generation), .text(template.text)]
        try run(
            """
            INSERT INTO template (tenant, app, process, generation, content) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO NOTHING
            """, values)
        let same = try holds(
            """
            SELECT 1 FROM template
            WHERE tenant = ?1 AND app = ?2 AND process = ?3 AND generation = ?4 AND content = ?5
            """, values)
        guard same else {
            throw PortError(
                .conflict, "\(app) \(process)", cause: "generation \(template.generation) of its unit has another text")
        }
    }

    /// Claims a hostname for a release; the error tells nobody whose it is.
    func claim(_ hostname: Hostname, for release: Release) throws(PortError) {
        let owner = try row("SELECT tenant, app FROM hostname WHERE name = ?1", [.text(hostname.text)]) {
            (row) throws(PortError) in try AppReference(row, at: 0)
        }
        guard owner == nil || owner == release.app else {
            throw PortError(.conflict, hostname.text, cause: "another app owns this hostname")
        }
        if owner == nil {
            try run(
                "INSERT INTO hostname (tenant, app, name) VALUES (?1, ?2, ?3)", release.app.key + [.text(hostname.text)]
            )
        }
        try run(
            "INSERT INTO claim (tenant, app, release, hostname) VALUES (?1, ?2, ?3, ?4)",
            release.key + [.text(hostname.text)])
    }

    func supersedeCurrent(of app: AppReference) throws(PortError) {
        try run(
            "UPDATE release SET state = 'superseded' WHERE tenant = ?1 AND app = ?2 AND state = 'current'", app.key)
    }

    /// Ends the claims of releases that neither run nor shall run, and frees the hostnames that nobody claims then.
    func freeHostnames(of app: AppReference) throws(PortError) {
        try run(
            """
            DELETE FROM claim WHERE tenant = ?1 AND app = ?2 AND EXISTS (
                SELECT 1 FROM release WHERE release.tenant = claim.tenant AND release.app = claim.app
                    AND release.number = claim.release AND release.state IN ('superseded', 'failed'))
            """, app.key)
        try run(
            """
            DELETE FROM hostname WHERE tenant = ?1 AND app = ?2
                AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.hostname = hostname.name)
            """, app.key)
    }
}

extension Release {
    /// The values of the columns that name a release, bound as ?1, ?2 and ?3.
    var key: [Value] { app.key + [.number(number.rawValue)] }

    var numberTaken: PortError {
        PortError(.conflict, "\(app) release \(number)", cause: "the number belongs to another release")
    }
}

extension ReleaseRecord {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "id, content, created_at, state, operation"

    init(_ row: borrowing Row, of connection: Connection) throws(PortError) {
        self.init(
            release: try connection.release(row, id: 0, content: 1), createdAt: try row.time(2),
            state: try row.value(3, ReleaseState.init(rawValue:)), operation: try row.id(4))
    }
}
