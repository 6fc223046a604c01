import FoundationEssentials
import Synchronization
import Testing
import TussilagoCore

@testable import SQLiteLedger

@Suite struct AuditTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    private func faults() async throws -> [AuditFault?] { try await ledger.verifyAudit().map(\.fault) }

    /// Somebody with the file in hand, who needs no trigger's leave.
    private func intruder() throws -> Connection {
        let connection = try Connection(path: file.path)
        try connection.script("DROP TRIGGER audit_stays; DROP TRIGGER audit_keeps; DROP TRIGGER audit_adds")
        return connection
    }

    @Test
    func `an operation's acceptance and end are recorded in the same transaction, and outlive what they are about`()
        async throws
    {
        try await ledger.addApps(shop)
        let deploy = try await ledger.accept(operation(try deployment()), key: nil, waiting: false)
        try await ledger.bring(deploy, to: .succeeded)
        try await ledger.removeApp(shop)
        try await ledger.removeTenant(acme)
        let entries = try await ledger.auditRecords(PageQuery()).items.map(\.entry)
        #expect(entries.map(\.verb) == ["app.deploy", "app.deploy"])
        #expect(entries.map(\.outcome) == [.accepted, .succeeded])
        #expect(entries.allSatisfy { $0.subject == "acme/shop" && $0.tenant == "acme" && $0.operation == deploy.id })
        #expect(entries.allSatisfy { $0.caller == "alice" && $0.requestID == deploy.requestID })
        // The same request again is the same operation, and no other record.
        let keyed = operation(.reconcile)
        for _ in 0..<2 { _ = try await ledger.accept(keyed, key: "k", waiting: true) }
        #expect(try await ledger.auditRecords(PageQuery()).items.count == 3)
        #expect(try await faults() == [nil])
    }

    @Test func `what is refused in the ledger leaves no record of its acceptance`() async throws {
        try await ledger.addApps(shop)
        _ = try await ledger.accept(operation(.start(shop)), key: nil, waiting: false)
        await expect(.conflict) { try await ledger.accept(operation(.stop(shop)), key: nil, waiting: false) }
        #expect(try await ledger.auditRecords(PageQuery()).items.count == 1)
    }

    @Test func `whatever is changed in a record, the record is named`() async throws {
        for number in 1...5 {
            try await ledger.record(auditEntry("test.\(number)", tenant: acme, detail: "d\(number)"))
        }
        #expect(try await faults() == [nil])
        let intruder = try intruder()
        let columns = [
            "caller", "verb", "subject", "tenant", "outcome", "request", "detail", "previous", "hash",
        ]
        for sequence in 1...5 {
            for column in columns + ["at", "operation"] {
                let change =
                    switch column {
                    case "at": "at = at + 1"
                    case "operation": "operation = '00000002-0000-4000-8000-000000000000'"
                    case "outcome": "outcome = 'refused'"
                    case "request": "request = '00000002-0000-4000-8000-000000000000'"
                    // Its last character.
                    default:
                        "\(column) = substr(\(column), 1, length(\(column)) - 1) || char(unicode(substr(\(column), -1)) + 1)"
                    }
                try intruder.script("CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE sequence = \(sequence)")
                try intruder.script("UPDATE audit SET \(change) WHERE sequence = \(sequence)")
                let fault = try await faults().first ?? nil
                #expect(fault?.record == sequence, "\(column) of \(sequence): \(String(describing: fault))")
                try intruder.script(
                    """
                    DELETE FROM audit WHERE sequence = \(sequence);
                    INSERT INTO audit SELECT * FROM kept; DROP TABLE kept;
                    """)
            }
        }
        #expect(try await faults() == [nil])
    }

    @Test(arguments: [
        ("DELETE FROM audit WHERE sequence = 3", 3, "missing"), ("DELETE FROM audit WHERE sequence >= 4", 4, "missing"),
        ("DELETE FROM audit", 1, "missing"), ("UPDATE audit_chain SET reason = 'x'", 0, "beginning"),
        ("UPDATE audit_chain SET anchor = 'x'", 0, "beginning"), ("UPDATE audit_chain SET last = 6", 6, "missing"),
        ("UPDATE audit_chain SET head = 'x'", 6, "missing"),
        ("UPDATE audit SET sequence = 9 WHERE sequence = 2", 2, "missing"),
    ])
    func `what was taken out is missed`(_ script: String, _ record: Int, _ word: String) async throws {
        for _ in 1...5 { try await ledger.record(auditEntry()) }
        try intruder().script(script)
        let fault = try #require(try await faults().first ?? nil)
        #expect(fault.record == record && fault.what.contains(word), "\(fault)")
    }

    @Test func `nothing that this program's tables allow changes or removes a record`() async throws {
        try await ledger.record(auditEntry())
        let connection = try Connection(path: file.path)
        for script in ["UPDATE audit SET caller = 'x'", "DELETE FROM audit", "REPLACE INTO audit SELECT * FROM audit"] {
            #expect(throws: PortError.self, "\(script)") { try connection.script(script) }
        }
        #expect(try await faults() == [nil])
        #expect(try await ledger.auditRecords(PageQuery()).items.map(\.entry.caller) == ["alice"])
    }

    @Test func `the oldest records are dropped beyond a number, and the chain still holds`() async throws {
        for _ in 1...30 { try await ledger.record(auditEntry()) }
        let connection = try Connection(path: file.path)
        try connection.transaction { () throws(PortError) in try connection.dropAudit(of: 1, through: 20) }
        let chain = try #require(try await ledger.verifyAudit().first)
        #expect(chain.fault == nil && chain.chain.dropped == 20 && chain.chain.last == 30)
        #expect(try await ledger.auditRecords(PageQuery(limit: 100)).items.map(\.sequence) == Array(21...30))
        try await ledger.record(auditEntry())
        #expect(try await faults() == [nil])
    }

    @Test func `a lost ledger begins another chain, and says that the records before are gone`() async throws {
        try await ledger.record(auditEntry())
        try await ledger.rebuild(from: HostRecords(units: [], remains: [:]), because: "a bit was flipped", at: someTime)
        try await ledger.record(auditEntry("test.after"))
        let chains = try await ledger.verifyAudit()
        #expect(chains.count == 1)
        #expect(chains.first?.chain.reason.contains("gap: the ledger was written anew") == true)
        #expect(chains.first?.chain.reason.contains("a bit was flipped") == true)
        #expect(try await ledger.auditRecords(PageQuery()).items.map(\.entry.verb) == ["test.after"])
    }

    @Test func `an exported record can be hashed by anyone`() async throws {
        try await ledger.record(auditEntry(tenant: acme, detail: "Käse\nund \u{1B}[31mBrot"))
        let record = try #require(try await ledger.auditRecords(PageQuery()).items.first)
        #expect(!record.entry.detail.contains("\n") && !record.entry.detail.contains("\u{1B}"))
        #expect(record.seal.split(separator: "\n", omittingEmptySubsequences: false).count == 12)
        // As by: printf '%s' "$seal" | sha256sum
        #expect(record.hash.count == 64 && record.hash != record.previous)
    }

    @Test func `each record is told once it is on the disk`() async throws {
        let told = Told()
        let watched = SQLiteLedger(path: "\(file.directory)/watched.sqlite", onAudit: { told.add($0) })
        try await watched.record(auditEntry("test.one"))
        await expect(.notFound) {
            try await watched.removeToken(TokenName(unchecked: "none"), in: .host, auditEntry("test.two"))
        }
        #expect(told.verbs == ["test.one"])
        #expect(try await watched.auditRecords(PageQuery()).items == told.records)
    }

    private final class Told: Sendable {
        private let all = Mutex<[AuditRecord]>([])
        var records: [AuditRecord] { all.withLock { $0 } }
        var verbs: [String] { records.map(\.entry.verb) }
        func add(_ record: AuditRecord) { all.withLock { $0.append(record) } }
    }
}
