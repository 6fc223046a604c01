public import FoundationEssentials
internal import Glibc
public import TussilagoCore

extension SQLiteLedger {
    /// Writes what it is now beside it, in one piece, and says where; whoever asked discards it. There is one at a time.
    public func snapshot() throws(PortError) -> String {
        // With what an agent that was killed has left beside it.
        discard(copy: "\(place.path).backup")
        return try open().copy(named: "backup")
    }

    /// A ledger in another file, such as a snapshot. It is brought up to date when it is read.
    public nonisolated func copy(at path: String) -> any Ledger { SQLiteLedger(copy: path) }

    /// Where a ledger is put that shall be taken over.
    public nonisolated var incoming: String { "\(place.path).incoming" }

    /// Removes a copy, and what SQLite has made beside it.
    public nonisolated func discard(copy path: String) {
        for suffix in ["", "-wal", "-shm", ".counters", ".damage"] { unlink(path + suffix) }
    }

    /// Whether an operation has taken another ledger over already.
    public func hasTakenOver(by operation: UUID) throws(PortError) -> Bool {
        try open().holds("SELECT 1 FROM milestone WHERE kind = 'restored' AND operation = ?1", [.id(operation)])
    }

    /// Takes over all that another ledger has, in one transaction: with ids, counters and history.
    ///
    /// Operations that were open there have failed here: nobody goes on with them. Their releases are as they were before.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` when there are tenants already.
    public func takeOver(_ path: String, by operation: UUID, at: Date) throws(PortError) {
        let connection = try open()
        try connection.run("ATTACH DATABASE ?1 AS old", [.text(path)])
        let result: Result<Void, PortError>
        do throws(PortError) {
            result = .success(
                try connection.transaction { () throws(PortError) in
                    try connection.takeOver(by: operation, at: at, counters)
                })
        } catch { result = .failure(error) }
        try connection.run("DETACH DATABASE old")
        accessVersion.raise()
        try result.get()
    }
}

extension Connection {
    fileprivate func takeOver(by operation: UUID, at: Date, _ counters: CounterFile) throws(PortError) {
        guard try !holds("SELECT 1 FROM main.tenant LIMIT 1", []) else {
            throw PortError(.conflict, "host", cause: "it has tenants already")
        }
        for (counter, limit) in [("users", UserRange.count), ("network", AppNetwork.count)] {
            let next = try row(
                "SELECT max(a.next, b.next) FROM main.counter a JOIN old.counter b USING (name) WHERE name = ?1",
                [.text(counter)]
            ) { (row) throws(PortError) in try row.integer(0) }
            guard let next, next <= limit else { throw .damaged("counter \(counter)") }
            try counters.raise(counter, to: next)
            try run("UPDATE main.counter SET next = ?2 WHERE name = ?1", [.text(counter), .number(next)])
        }
        for (table, columns) in Self.tables {
            try run("INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM old.\(table)")
        }
        try takeOverHistory(at: at)
        try takeOverAudit(at: at)
        try settlePending()
        try run(
            "INSERT INTO main.milestone (at, kind, operation, content) VALUES (?1, 'restored', ?2, '')",
            [try .time(at), .id(operation)])
    }

    /// In an order in which each row finds what it refers to.
    private static let tables = [
        ("tenant", "name, id, users, created_at, egress"),
        ("domain", "name, tenant, challenge, created_at, proved_at, voucher"),
        ("app", "tenant, name, id, network, created_at, last_release"),
        ("release", "tenant, app, number, id, state, created_at, operation, content"),
        ("template", "tenant, app, process, generation, content"),
        ("hostname", "name, tenant, app"),
        ("claim", "tenant, app, release, hostname"),
        ("secret", "tenant, app, name, version, credential, created_at, current"),
        ("access_grant", "tenant, grantee, number, role, granted_by, granted_at"),
        ("token", "id, tenant, name, role, created_by, created_at, expires_at, digest"),
        ("quota", "tenant, content"),
        ("policy", "tenant, limits, reason"),
        ("service", "owner, type, tenant, app, name, tier, created_at, released_at"),
    ]

    /// The old operations come before those of this host, in their own order.
    private func takeOverHistory(at: Date) throws(PortError) {
        let first = "(SELECT coalesce(min(sequence), 1) FROM main.operation)"
        let shift = try row("SELECT coalesce(max(sequence), 0) - \(first) + 1 FROM old.operation") {
            (row) throws(PortError) in try row.integer(0)
        }
        let failure = Operation.Failure(
            code: PortError.Code.cancelled.rawValue,
            message: "it had not ended when the backup was made, and was not gone on with on this host",
            remedy: "ask for it again, if it is still wanted")
        let values: [Value] = [.number(shift ?? 0), try .time(at), try .json(failure)]
        try run(
            """
            INSERT OR IGNORE INTO main.operation (sequence, id, tenant, app, state, caller, idempotency_key, request_id,
                accepted_at, attempt, ended_at, release, cancel, failure, request)
            SELECT sequence - ?1, id, tenant, app, iif(state IN ('accepted', 'running'), 'failed', state), caller,
                idempotency_key, request_id, accepted_at, attempt, iif(state IN ('accepted', 'running'), ?2, ended_at),
                release, cancel, iif(state IN ('accepted', 'running'), ?3, failure), request
            FROM old.operation
            """, values)
        try run(
            """
            INSERT INTO main.event (operation, sequence, at, kind, step, steps, content)
            SELECT event.operation - ?1, event.sequence, at, kind, step, steps, content
            FROM old.event JOIN main.operation known ON known.sequence = event.operation - ?1
            """, [.number(shift ?? 0)])
    }

    /// The old chains come in front of this host's, each as it was, and another begins: nothing is added to them.
    private func takeOverAudit(at: Date) throws(PortError) {
        let first = try row("SELECT coalesce(min(number), 1) FROM main.audit_chain") { (row) throws(PortError) in
            try row.integer(0)
        }
        let last = try row("SELECT coalesce(max(number), 0) FROM old.audit_chain") { (row) throws(PortError) in
            try row.integer(0)
        }
        let shift: Value = .number((last ?? 0) - (first ?? 1) + 1)
        try run(
            """
            INSERT OR IGNORE INTO main.audit_chain (number, id, begun_at, reason, dropped, anchor, last, head)
            SELECT number - ?1, id, begun_at, reason, dropped, anchor, last, head FROM old.audit_chain
            """, [shift])
        try run(
            """
            INSERT INTO main.audit SELECT chain - ?1, sequence, at, caller, verb, subject, tenant, outcome, request,
                operation, detail, previous, hash
            FROM old.audit WHERE EXISTS (SELECT 1 FROM main.audit_chain known JOIN old.audit_chain USING (id)
                WHERE known.number = old.audit.chain - ?1 AND old.audit_chain.number = old.audit.chain)
            """, [shift])
        try beginChain(
            "gap: a backup was restored; the records before are those of the host that it was made on", at: at)
    }

    private func settlePending() throws(PortError) {
        let pending = try rows("SELECT \(ReleaseRecord.columns) FROM main.release WHERE state = 'pending'") {
            (row) throws(PortError) in try ReleaseRecord(row, of: self)
        }
        for record in pending {
            try run(
                "UPDATE main.release SET state = ?4 WHERE tenant = ?1 AND app = ?2 AND number = ?3",
                record.release.key + [.text((record.isRevived ? ReleaseState.superseded : .failed).rawValue)])
            try freeHostnames(of: record.release.app)
        }
    }
}
