public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    /// How many operations may be open that must not be under way at once.
    private static let waitingLimit = 100

    public func accept(_ operation: Operation, key: String?, waiting: Bool) throws(PortError) -> Operation {
        var records: [AuditRecord] = []
        let accepted = try write(makingRoom: operation.request.makesRoom) { (connection) throws(PortError) in
            if let key, let known = try connection.operation(caller: operation.caller, key: key) {
                guard known.request == operation.request else {
                    throw PortError(.conflict, "Idempotency-Key", cause: "the key was used for another request")
                }
                return known
            }
            let open = try connection.openOperations(inTheWayOf: operation.request, atMost: Self.waitingLimit)
            if let first = open.first, !waiting {
                throw PortError(
                    .conflict, first.lowercased,
                    cause: "this operation on \(operation.request.subject) has not ended yet")
            }
            guard open.count < Self.waitingLimit else {
                throw PortError(
                    .refused, operation.request.subject, cause: "\(open.count) operations on it wait already")
            }
            try connection.admit(operation.request)
            try connection.insert(operation, key: key)
            try connection.forgetOperations(keeping: keptOperations)
            records = try connection.audit([AuditEntry(operation, .accepted, at: operation.acceptedAt)])
            return try connection.operation(operation.id) ?? operation
        }
        for record in records { onAudit(record) }
        return accepted
    }

    /// The operation that a caller has used an idempotency key for.
    public func operation(key: String, caller: String) throws(PortError) -> Operation? {
        try open().operation(caller: caller, key: key)
    }

    /// Writes an operation's new state, and the events that go with it, in one transaction.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the state has no such edge,
    ///   ``PortError/Code-swift.enum/notFound`` when there is no such operation.
    public func advance(
        _ operation: Operation, events: [OperationEvent], synced: Bool = true
    ) throws(PortError) {
        // That an operation has failed is written down even if it failed for want of room.
        try write(
            makingRoom: operation.request.makesRoom || operation.state.isFinal, synced: synced,
            auditing: operation.auditEntries
        ) { (connection) throws(PortError) in
            let (sequence, state) = try connection.position(of: operation.id)
            guard state.mayBecome(operation.state) else {
                throw PortError(
                    .refused, operation.id.lowercased,
                    cause: "it is \(state.rawValue), and cannot become \(operation.state.rawValue)")
            }
            try connection.run(
                """
                UPDATE operation SET state = ?2, attempt = ?3, ended_at = ?4, failure = ?5, release = ?6
                WHERE sequence = ?1
                """, [.number(sequence)] + operation.progress())
            try connection.insert(events, of: sequence)
        }
    }

    /// Adds events to a running operation.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when it has ended, ``PortError/Code-swift.enum/notFound`` when
    ///   there is no such operation, ``PortError/Code-swift.enum/conflict`` when an event has a number that is taken.
    public func record(
        _ events: [OperationEvent], of operation: UUID, synced: Bool = true
    ) throws(PortError) {
        try write(synced: synced) { (connection) throws(PortError) in
            let (sequence, state) = try connection.position(of: operation)
            guard !state.isFinal else {
                throw PortError(.refused, operation.lowercased, cause: "it has \(state.rawValue) already")
            }
            try connection.insert(events, of: sequence)
        }
    }

    public func operation(_ id: UUID) throws(PortError) -> Operation? {
        try open().operation(id)
    }

    /// An operation about one of these tenants; nil when there is none, or when it is about another.
    public func operation(_ id: UUID, among tenants: Set<TenantName>?) throws(PortError) -> Operation? {
        try open().row(
            """
            SELECT \(Operation.columns) FROM operation
            WHERE id = ?1 AND (?2 IS NULL OR \(Operation.isOf("?2")))
            """, [.id(id), .names(tenants)], read: Operation.init)
    }

    /// Operations, newest first.
    ///
    /// The cursor is an operation's id: it tells nobody how many others there are.
    public func operations(_ query: OperationQuery) throws(PortError) -> Page<Operation> {
        let connection = try open()
        var before = Value.null
        if let id = try query.page.position(UUID.init(uuidString:)) {
            guard let sequence = try connection.sequence(of: id, among: query.page.tenants) else {
                throw PageQuery.unknownCursor
            }
            before = .number(sequence)
        }
        let rows = try connection.rows(
            """
            SELECT \(Operation.columns) FROM operation
            WHERE sequence < coalesce(?1, 9223372036854775807) AND (?2 IS NULL OR tenant = ?2)
                AND (?3 IS NULL OR app = ?3) AND (?4 IS NULL OR state = ?4)
                AND (?6 IS NULL OR \(Operation.isOf("?6")))
            ORDER BY sequence DESC LIMIT ?5
            """,
            [
                before, .name(query.tenant), .name(query.app), .text(query.state?.rawValue), query.page.rows,
                .names(query.page.tenants),
            ],
            read: Operation.init)
        return query.page.page(rows) { $0.id.lowercased }
    }

    public func requestCancel(_ operation: UUID) throws(PortError) -> Operation {
        try write { (connection) throws(PortError) in
            let (sequence, state) = try connection.position(of: operation)
            if !state.isFinal {
                try connection.run("UPDATE operation SET cancel = 1 WHERE sequence = ?1", [.number(sequence)])
            }
            guard let found = try connection.operation(operation) else {
                throw PortError(.notFound, operation.lowercased, cause: "there is no such operation")
            }
            return found
        }
    }

    /// The operations that have not ended, oldest first.
    ///
    /// Only so many wait for each other, so the list has an end. This is asked at every start: the index keeps it from
    /// reading the operations that have ended.
    public func openOperations() throws(PortError) -> [Operation] {
        try open().rows(
            """
            SELECT \(Operation.columns) FROM operation INDEXED BY operation_open
            WHERE state IN ('accepted', 'running') ORDER BY sequence
            """, read: Operation.init)
    }

    public func events(of operation: UUID, after sequence: Int) throws(PortError) -> [OperationEvent] {
        try open().rows(
            """
            SELECT event.sequence, at, kind, step, steps, content
            FROM event JOIN operation ON operation.sequence = event.operation
            WHERE operation.id = ?1 AND event.sequence > ?2 ORDER BY event.sequence LIMIT 1000
            """, [.id(operation), .number(sequence)], read: OperationEvent.init)
    }
}
