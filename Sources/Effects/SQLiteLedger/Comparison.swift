internal import FoundationEssentials
internal import TussilagoCore

/// Holds rows against what the host's files say, and has the rows say the same.
///
/// On an empty ledger it writes everything. What contradicts another row is left out and told: one wrong file shall not
/// keep all apps from being known.
struct Comparison {
    private let connection: Connection
    private let counters: CounterFile
    private(set) var differences: [LedgerDifference] = []
    /// Those that were not there: of them more is lost than their own files tell.
    private var newTenants: Set<TenantName> = []

    init(_ connection: Connection, _ counters: CounterFile) {
        self.connection = connection
        self.counters = counters
    }

    mutating func apply(_ records: HostRecords) throws(PortError) {
        for tenant in records.tenants { try apply(tenant) }
        for app in records.apps { try apply(app) }
        for app in records.apps { try connection.addServices(of: app) }
        for app in records.apps {
            guard let tenant = app.versions.first?.reference.tenant, newTenants.contains(tenant) else { continue }
            try connection.grantWhatRuns(app, at: app.createdAt)
        }
        try count("users", of: UserRange.count, in: "SELECT max(users) FROM tenant")
        try count("network", of: AppNetwork.count, in: "SELECT max(network) FROM app")
    }

    // MARK: Tenants and apps

    private mutating func apply(_ found: HostRecords.FoundTenant) throws(PortError) {
        guard let tenant = found.versions.first else { return }
        let known = try connection.row(
            "SELECT \(TenantRecord.columns) FROM tenant WHERE name = ?1", [.name(tenant.name)], read: TenantRecord.init)
        // A row that any of the files agrees with is right: then another file was changed, and is written anew.
        if var known = known?.tenant {
            known.quota = Quota()
            known.loosening = nil
            if found.versions.contains(known) { return }
        }
        if known == nil { newTenants.insert(tenant.name) }
        try change(.tenant(tenant.name), known == nil ? "the ledger did not have it" : "the ledger had other ids of it")
        { (connection) throws(PortError) in
            try connection.run(
                """
                INSERT INTO tenant (name, id, users, created_at) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (name) DO UPDATE SET id = ?2, users = ?3
                """, [.name(tenant.name), .id(tenant.id), .number(tenant.users.index), try .time(found.createdAt)])
            if known == nil {
                try connection.set(found.quota, of: tenant.name)
                try connection.set(found.loosening, of: tenant.name)
            }
        }
    }

    private mutating func apply(_ found: HostRecords.FoundApp) throws(PortError) {
        guard let app = found.versions.first else { return }
        let known = try connection.row(
            "\(AppRecord.selection) WHERE app.tenant = ?1 AND app.name = ?2", app.reference.key
        ) { (row) throws(PortError) in try AppRecord(row, of: connection) }
        if known.map({ !found.versions.contains($0.app) }) ?? true {
            try change(
                .app(app.reference), known == nil ? "the ledger did not have it" : "the ledger had other ids of it"
            ) { (connection) throws(PortError) in
                try connection.run(
                    """
                    INSERT INTO app (tenant, name, id, network, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
                    ON CONFLICT (tenant, name) DO UPDATE SET id = ?3, network = ?4
                    """,
                    app.reference.key + [.id(app.id), .number(app.network.index), try .time(found.createdAt)])
            }
        }
        for secret in found.secrets { try apply(secret, of: app.reference) }
        if try !agrees(found.stored, of: app.reference) { for release in found.releases { try apply(release) } }
        try applyLastNumber(of: app.reference)
    }

    /// A version that the ledger has stays as it is: it is the newer of the two.
    private mutating func apply(_ found: SecretRecord, of app: AppReference) throws(PortError) {
        let version = found.version
        let isKnown = try connection.holds(
            "SELECT 1 FROM secret WHERE tenant = ?1 AND app = ?2 AND credential = ?3",
            app.key + [.id(version.credential)])
        guard !isKnown else { return }
        try change(.app(app), "the ledger did not have version \(version.number) of secret \(version.name)") {
            (connection) throws(PortError) in try connection.insert(found, of: app)
        }
    }

    // MARK: Releases

    /// Whether the rows of an app's releases have the records that were found, to the letter, and their templates' texts:
    /// then there is no need to parse any of them.
    private func agrees(_ stored: [HostRecords.StoredRelease], of app: AppReference) throws(PortError) -> Bool {
        for found in stored {
            let known = try connection.row(
                "SELECT id, content FROM release WHERE tenant = ?1 AND app = ?2 AND number = ?3",
                app.key + [.number(found.number.rawValue)]
            ) { (row) throws(PortError) -> Release? in
                guard try row.text(1) == found.text else { return nil }
                return try connection.release(row, id: 0, content: 1)
            }
            guard let known, let release = known else { return false }
            for (process, template) in release.templates
            where try text(of: process, template.generation, app: app) != template.text { return false }
        }
        return true
    }

    private func text(
        of process: ProcessName, _ generation: Int, app: AppReference
    ) throws(PortError) -> String? {
        try connection.row(
            "SELECT content FROM template WHERE tenant = ?1 AND app = ?2 AND process = ?3 AND generation = ?4",
            app.key + [.name(process), .number(generation)]
        ) { (row) throws(PortError) in try row.text(0) }
    }

    private mutating func apply(_ found: ReleaseRecord) throws(PortError) {
        let release = found.release, scope = Scope.app(release.app)
        let known = try connection.release(release.app, release.number)
        if known == nil {
            try change(scope, "the ledger did not have release \(release.number)") { (connection) throws(PortError) in
                if found.state == .current { try connection.supersedeCurrent(of: release.app) }
                try connection.run(
                    """
                    INSERT INTO release (tenant, app, number, id, state, created_at, operation, content)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                    """,
                    release.key + [
                        .id(release.id), .text(found.state.rawValue), try .time(found.createdAt), .id(found.operation),
                        .text(try release.text()),
                    ])
            }
        } else if let known, known.release != release {
            try change(scope, "the ledger had release \(release.number) otherwise") { (connection) throws(PortError) in
                try connection.run(
                    "UPDATE release SET id = ?4, content = ?5 WHERE tenant = ?1 AND app = ?2 AND number = ?3",
                    release.key + [.id(release.id), .text(try release.text())])
            }
        }
        for (process, template) in release.templates { try apply(template, of: process, app: release.app) }
        if known?.release != release, (known?.state ?? found.state) == .current { try claim(release) }
    }

    private mutating func apply(
        _ template: Release.Template, of process: ProcessName, app: AppReference
    ) throws(PortError) {
        let values: [Value] = app.key + [.name(process), .number(template.generation), .text(template.text)]
        guard try text(of: process, template.generation, app: app) != template.text else { return }
        let name = TemplateName(app: app, process: process, generation: template.generation)
        try change(.app(app), "the ledger had another text of \(name)") { (connection) throws(PortError) in
            try connection.run(
                """
                INSERT INTO template (tenant, app, process, generation, content) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (tenant, app, process, generation) DO UPDATE SET content = ?5
                """, values)
        }
    }

    private mutating func claim(_ release: Release) throws(PortError) {
        try connection.run("DELETE FROM claim WHERE tenant = ?1 AND app = ?2 AND release = ?3", release.key)
        for hostname in release.manifest.hostnames {
            do throws(PortError) { try connection.claim(hostname, for: release) } catch {
                guard error.code == .conflict else { throw error }
                differences.append(LedgerDifference(.app(release.app), "\(hostname) belongs to another app as well"))
            }
        }
        try connection.freeHostnames(of: release.app)
    }

    /// The newest release is never forgotten, so its number is the last that was given out.
    private mutating func applyLastNumber(of app: AppReference) throws(PortError) {
        let isWrong = try connection.holds(
            """
            UPDATE app SET last_release = newest FROM (
                SELECT coalesce(max(number), 0) AS newest FROM release WHERE tenant = ?1 AND app = ?2)
            WHERE tenant = ?1 AND name = ?2 AND last_release <> newest RETURNING 1
            """, app.key)
        guard isWrong, !differences.contains(where: { $0.scope == .app(app) }) else { return }
        differences.append(LedgerDifference(.app(app), "the ledger had another number of its last release"))
    }

    // MARK: Counters

    /// A counter is what its file says, above all that is in use; without the file what the row says.
    private mutating func count(_ counter: String, of limit: Int, in query: String) throws(PortError) {
        let used = try connection.row(query) { (row) throws(PortError) in row.isNull(0) ? 0 : try row.integer(0) + 1 }
        let row = try connection.row("SELECT next FROM counter WHERE name = ?1", [.text(counter)]) {
            (row) throws(PortError) in try row.integer(0)
        }
        let written = counters.next(counter) ?? row.flatMap { $0 <= limit ? $0 : nil } ?? 0
        let next = min(max(written, used ?? 0), limit)
        try counters.raise(counter, to: next)
        if row != next {
            try connection.run(
                "INSERT INTO counter VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET next = ?2",
                [.text(counter), .number(next)])
        }
    }

    // MARK: What is different

    private mutating func change(
        _ scope: Scope, _ what: String, _ body: (Connection) throws(PortError) -> Void
    ) throws(PortError) {
        do throws(PortError) {
            try body(connection)
            differences.append(LedgerDifference(scope, what))
        } catch {
            guard error.code == .conflict else { throw error }
            differences.append(LedgerDifference(scope, "\(what), and what its files say contradicts another one's"))
        }
    }
}
