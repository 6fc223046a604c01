internal import FoundationEssentials
internal import TussilagoCore

extension Connection {
    func operation(_ id: UUID) throws(PortError) -> Operation? {
        try row("SELECT \(Operation.columns) FROM operation WHERE id = ?1", [.id(id)], read: Operation.init)
    }

    /// The operation that a caller's key stands for.
    func operation(caller: String, key: String) throws(PortError) -> Operation? {
        try row(
            "SELECT \(Operation.columns) FROM operation WHERE caller = ?1 AND idempotency_key = ?2",
            [.text(caller), .text(key)], read: Operation.init)
    }

    /// The operations that have not ended and must not be under way together with a request, oldest first; the same
    /// rule as ``TussilagoCore/Operation/Request/conflicts(with:)``.
    func openOperations(inTheWayOf request: Operation.Request, atMost limit: Int) throws(PortError) -> [UUID] {
        try rows(
            """
            SELECT id FROM operation INDEXED BY operation_open
            WHERE state IN ('accepted', 'running') AND tenant IS ?1 AND (app IS NULL OR ?2 IS NULL OR app = ?2)
            ORDER BY sequence LIMIT ?3
            """, [.name(request.tenant), .name(request.app?.app), .number(limit)]
        ) { (row) throws(PortError) in try row.id(0) }
    }

    /// An operation's place in the order of their acceptance.
    func sequence(of id: UUID, among tenants: Set<TenantName>?) throws(PortError) -> Int? {
        try row(
            """
            SELECT sequence FROM operation
            WHERE id = ?1 AND (?2 IS NULL OR \(Operation.isOf("?2")))
            """, [.id(id), .names(tenants)]
        ) { (row) throws(PortError) in try row.integer(0) }
    }

    /// An operation's place and its state.
    func position(of id: UUID) throws(PortError) -> (sequence: Int, state: Operation.State) {
        let found = try row("SELECT sequence, state FROM operation WHERE id = ?1", [.id(id)]) {
            (row) throws(PortError) -> (Int, Operation.State) in
            (try row.integer(0), try row.value(1, Operation.State.init(rawValue:)))
        }
        guard let found else {
            throw PortError(.notFound, id.lowercased, cause: "there is no such operation")
        }
        return found
    }

    func insert(_ operation: Operation, key: String?) throws(PortError) {
        try run(
            """
            INSERT INTO operation (state, attempt, ended_at, failure, release,
                id, tenant, app, caller, idempotency_key, request_id, accepted_at, request)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """,
            try operation.progress() + [
                .id(operation.id), .name(operation.request.tenant), .name(operation.request.app?.app),
                .text(operation.caller), .text(key), .id(operation.requestID), try .time(operation.acceptedAt),
                try .json(operation.request),
            ])
    }

    func insert(_ events: [OperationEvent], of operation: Int) throws(PortError) {
        for event in events {
            try run(
                """
                INSERT INTO event (operation, sequence, at, kind, step, steps, content)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """,
                [
                    .number(operation), .number(event.sequence), try .time(event.at), .text(event.kind.rawValue),
                    .number(event.step), .number(event.steps), .text(event.text),
                ])
        }
    }

    /// Forgets operations that have ended, and their events, but for the newest `count`.
    ///
    /// Each acceptance makes room for itself, so there is seldom more than one to forget. An open one stays.
    func forgetOperations(keeping count: Int) throws(PortError) {
        try run(
            """
            DELETE FROM operation WHERE sequence <= (SELECT max(sequence) FROM operation) - ?1
                AND state IN ('succeeded', 'failed', 'cancelled')
            """, [.number(count)])
    }
}

extension Operation {
    /// What ``init(_:)`` reads, in its order.
    static let columns =
        "id, state, caller, request_id, accepted_at, attempt, ended_at, release, failure, request, cancel"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            id: try row.id(0), request: try row.json(9), caller: try row.text(2), requestID: try row.id(3),
            acceptedAt: try row.time(4))
        state = try row.value(1, State.init(rawValue:))
        attempt = try row.integer(5)
        endedAt = row.isNull(6) ? nil : try row.time(6)
        release = row.isNull(7) ? nil : try row.value(7, ReleaseNumber.init(rawValue:))
        failure = row.isNull(8) ? nil : try row.json(8)
        cancelRequested = try row.integer(10) != 0
    }

    /// Whether it is about one of the tenants that a parameter names. One of that name that was there before is another.
    static func isOf(_ names: String) -> String {
        """
        EXISTS (SELECT 1 FROM tenant WHERE tenant.name = operation.tenant
            AND tenant.created_at <= operation.accepted_at AND tenant.name IN (SELECT value FROM json_each(\(names))))
        """
    }

    /// What its end is recorded as; nothing before.
    var auditEntries: [AuditEntry] {
        let outcome: AuditEntry.Outcome? =
            switch state {
            case .succeeded: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            case .accepted, .running: nil
            }
        return outcome.map { [AuditEntry(self, $0, at: endedAt ?? acceptedAt)] } ?? []
    }

    /// The values of what changes in the course of an operation: state, attempt, end, failure, release.
    func progress() throws(PortError) -> [Value] {
        var end = Value.null
        if let endedAt { end = try .time(endedAt) }
        var reason = Value.null
        if let failure { reason = try .json(failure) }
        return [.text(state.rawValue), .number(attempt), end, reason, .number(release?.rawValue)]
    }
}

extension OperationEvent {
    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            sequence: try row.integer(0), at: try row.time(1), kind: try row.value(2, Kind.init(rawValue:)),
            step: row.isNull(3) ? nil : try row.integer(3), steps: row.isNull(4) ? nil : try row.integer(4),
            text: try row.text(5))
    }
}
