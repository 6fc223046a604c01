internal import Crypto
internal import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    /// How many records are kept at least; beyond that the oldest go, a good many at a time.
    static let keptAuditRecords = 50_000
    static let droppedAuditRecords = 1_000

    /// Adds a record of something that changed nothing in the ledger.
    public func record(_ entry: AuditEntry) throws(PortError) {
        try write(auditing: [entry]) { (_) throws(PortError) in }
    }

    /// Records, the oldest first. With ``PageQuery/tenants``, those about these tenants only, and not about others that
    /// had a name of theirs before.
    public func auditRecords(_ query: PageQuery) throws(PortError) -> Page<AuditRecord> {
        let after = try query.position(AuditPosition.init(text:)) ?? AuditPosition(chain: .min, sequence: 0)
        let rows = try open().rows(
            """
            SELECT \(AuditRecord.columns), chain.number
            FROM audit JOIN audit_chain chain ON chain.number = audit.chain
            WHERE (audit.chain, sequence) > (?1, ?2)
                AND (?3 IS NULL OR EXISTS (SELECT 1 FROM tenant WHERE tenant.name = audit.tenant
                    AND tenant.created_at <= audit.at AND tenant.name IN (SELECT value FROM json_each(?3))))
            ORDER BY audit.chain, sequence LIMIT ?4
            """, [.number(after.chain), .number(after.sequence), .names(query.tenants), query.rows]
        ) { (row) throws(PortError) -> (AuditRecord, Int) in (try AuditRecord(row), try row.integer(13)) }
        let page = query.page(rows) { AuditPosition(chain: $0.1, sequence: $0.0.sequence).text }
        return Page(items: page.items.map(\.0), next: page.next)
    }

    /// The chains, the oldest first; the last one grows.
    public func auditChains() throws(PortError) -> [AuditChain] {
        try open().rows(
            "SELECT \(AuditChain.columns) FROM audit_chain ORDER BY number LIMIT 1000", read: AuditChain.init)
    }

    /// Follows each chain from its beginning to its end.
    /// - Returns: each chain with what is wrong with its first record that is not as it was written, if one is not.
    public func verifyAudit() throws(PortError) -> [(chain: AuditChain, fault: AuditFault?)] {
        let connection = try open()
        var found: [(chain: AuditChain, fault: AuditFault?)] = []
        for chain in try auditChains() { found.append((chain, try connection.fault(in: chain))) }
        return found
    }

    /// Runs `body` in a transaction, and adds records to the chain in the same: what was done has its record, and what
    /// has a record was done. They are told when they are on the disk.
    func write<Result>(
        makingRoom: Bool = false, synced: Bool = true, auditing entries: [AuditEntry],
        _ body: (Connection) throws(PortError) -> Result
    ) throws(PortError) -> Result {
        var records: [AuditRecord] = []
        let result = try write(makingRoom: makingRoom, synced: synced || !entries.isEmpty) {
            (connection) throws(PortError) in
            let result = try body(connection)
            records = try connection.audit(entries)
            return result
        }
        for record in records { onAudit(record) }
        return result
    }
}

extension Connection {
    /// Adds entries to the chain that grows; begins one in a new ledger.
    func audit(_ entries: [AuditEntry]) throws(PortError) -> [AuditRecord] {
        guard let first = entries.first else { return [] }
        let growing = try row(
            "SELECT \(AuditChain.columns), number FROM audit_chain ORDER BY number DESC LIMIT 1"
        ) { (row) throws(PortError) -> (AuditChain, Int) in (try AuditChain(row), try row.integer(7)) }
        let (chain, number) =
            if let growing { growing } else { try beginChain("the first records of this ledger", at: first.at) }
        var last = chain.last, head = chain.head, records: [AuditRecord] = []
        for entry in entries {
            let record = AuditRecord(
                entry, after: head, chain: chain.id, sequence: last + 1, hash: SHA256.hexadecimal)
            try insert(record, chain: number)
            last = record.sequence
            head = record.hash
            records.append(record)
        }
        try run(
            "UPDATE audit_chain SET last = ?2, head = ?3 WHERE number = ?1",
            [.number(number), .number(last), .text(head)])
        if last - chain.dropped >= SQLiteLedger.keptAuditRecords + SQLiteLedger.droppedAuditRecords {
            try dropAudit(of: number, through: chain.dropped + SQLiteLedger.droppedAuditRecords)
        }
        return records
    }

    /// Begins a chain, and says why.
    @discardableResult
    func beginChain(_ reason: String, at: Date) throws(PortError) -> (AuditChain, Int) {
        let id = UUID(), begun = Date(timeIntervalSince1970: Double(at.microseconds) / 1e6)
        let reason = AuditEntry.oneLine(reason)
        let anchor = SHA256.hexadecimal(AuditChain.seal(id: id, begunAt: begun, reason: reason))
        let number = try row(
            """
            INSERT INTO audit_chain (id, begun_at, reason, dropped, anchor, last, head)
            VALUES (?1, ?2, ?3, 0, ?4, 0, ?4) RETURNING number
            """, [.id(id), try .time(begun), .text(reason), .text(anchor)]
        ) { (row) throws(PortError) in try row.integer(0) }
        let chain = AuditChain(
            id: id, begunAt: begun, reason: reason, dropped: 0, anchor: anchor, last: 0, head: anchor)
        return (chain, number ?? 0)
    }

    /// Drops the oldest records, up to one; its hash stays as what the next one follows.
    func dropAudit(of chain: Int, through sequence: Int) throws(PortError) {
        try run(
            """
            UPDATE audit_chain SET dropped = ?2,
                anchor = (SELECT hash FROM audit WHERE chain = ?1 AND sequence = ?2) WHERE number = ?1
            """, [.number(chain), .number(sequence)])
        try run("DELETE FROM audit WHERE chain = ?1 AND sequence <= ?2", [.number(chain), .number(sequence)])
    }

    private func insert(_ record: AuditRecord, chain: Int) throws(PortError) {
        let entry = record.entry
        try run(
            """
            INSERT INTO audit (chain, sequence, at, caller, verb, subject, tenant, outcome, request, operation, detail,
                previous, hash)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """,
            [
                .number(chain), .number(record.sequence), try .time(entry.at), .text(entry.caller), .text(entry.verb),
                .text(entry.subject), .text(entry.tenant), .text(entry.outcome.rawValue), .id(entry.requestID),
                .text(entry.operation?.lowercased), .text(entry.detail), .text(record.previous), .text(record.hash),
            ])
    }

    /// What is wrong with a chain: read a thousand records at a time.
    fileprivate func fault(in chain: AuditChain) throws(PortError) -> AuditFault? {
        let beginning = SHA256.hexadecimal(
            AuditChain.seal(id: chain.id, begunAt: chain.begunAt, reason: chain.reason))
        guard chain.dropped > 0 || chain.anchor == beginning else {
            return AuditFault(record: 0, what: "the chain's beginning was changed")
        }
        var check = AuditCheck(after: chain.dropped, head: chain.anchor, hash: SHA256.hexadecimal)
        while true {
            let records = try rows(
                """
                SELECT \(AuditRecord.columns) FROM audit JOIN audit_chain chain ON chain.number = audit.chain
                WHERE chain.id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT 1000
                """, [.id(chain.id), .number(check.last)], read: AuditRecord.init)
            for record in records { if let fault = check.take(record) { return fault } }
            if records.count < 1000 { break }
        }
        guard check.last == chain.last, check.head == chain.head else {
            return AuditFault(record: check.last + 1, what: "it is missing, and what was behind it")
        }
        return nil
    }
}

extension SHA256 {
    /// The digest of a text in hexadecimal digits.
    static func hexadecimal(_ text: String) -> String {
        var digits = ""
        for byte in hash(data: Data(text.utf8)) {
            digits += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return digits
    }
}

/// Where a list of records goes on: behind a record of a chain.
private struct AuditPosition {
    let chain: Int
    let sequence: Int

    init(chain: Int, sequence: Int) {
        self.chain = chain
        self.sequence = sequence
    }

    init?(text: String) {
        let parts = text.split(separator: ".").map { Int($0) }
        guard parts.count == 2, let chain = parts[0], let sequence = parts[1] else {
            return nil
        }
        self.init(chain: chain, sequence: sequence)
    }

    var text: String { "\(chain).\(sequence)" }
}

extension AuditRecord {
    /// What ``init(_:)`` reads, in its order.
    static let columns = """
        chain.id, sequence, at, caller, verb, subject, tenant, outcome, request, operation, detail, previous, hash
        """

    init(_ row: borrowing Row) throws(PortError) {
        let entry = AuditEntry(
            at: try row.time(2), caller: try row.text(3), verb: try row.text(4), subject: try row.text(5),
            tenant: row.isNull(6) ? nil : try row.text(6),
            outcome: try row.value(7, AuditEntry.Outcome.init(rawValue:)), requestID: try row.id(8),
            operation: row.isNull(9) ? nil : try row.id(9), detail: try row.text(10))
        self.init(
            chain: try row.id(0), sequence: try row.integer(1), entry: entry, previous: try row.text(11),
            hash: try row.text(12))
    }
}

extension AuditChain {
    /// What ``init(_:)`` reads, in its order.
    static let columns = "id, begun_at, reason, dropped, anchor, last, head"

    init(_ row: borrowing Row) throws(PortError) {
        self.init(
            id: try row.id(0), begunAt: try row.time(1), reason: try row.text(2), dropped: try row.integer(3),
            anchor: try row.text(4), last: try row.integer(5), head: try row.text(6))
    }
}

extension AuditEntry {
    /// What an operation's acceptance or end is recorded as. What was asked for is in the first of the two.
    init(_ operation: TussilagoCore.Operation, _ outcome: Outcome, at: Date) {
        self.init(
            at: at, caller: operation.caller, verb: operation.request.kind.rawValue,
            subject: operation.request.subject, tenant: operation.request.tenant?.rawValue, outcome: outcome,
            requestID: operation.requestID, operation: operation.id,
            detail: operation.failure?.code ?? (outcome == .accepted ? operation.request.detail : ""))
    }
}
