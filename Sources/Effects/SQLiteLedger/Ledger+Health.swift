public import FoundationEssentials
public import TussilagoCore

extension SQLiteLedger {
    /// Whether it is there and sound, at an agent's start.
    ///
    /// Two calls of stat(2) when the last agent has closed it and nobody has written to it since. Otherwise, as after a
    /// boot or a crash, all of it is looked through.
    public func condition() throws(PortError) -> LedgerCondition {
        if let reason = place.note { return .damaged(reason) }
        guard place.isThere else { return .missing }
        if place.isSealed { return .sound }
        do throws(PortError) { try verify() } catch {
            guard error.code == .damaged else { throw error }
            return .damaged(error.detail)
        }
        return .sound
    }

    /// Has SQLite look through all pages, rows and indices, and holds the tables against those of a new ledger.
    public func verify() throws(PortError) {
        let connection = try open()
        do throws(PortError) { try connection.verify() } catch { throw noted(error) }
    }

    /// Looks through all of it, unless that was done within the last day.
    ///
    /// It takes longer than all the rest of a reconcile. What a reconcile reads, SQLite checks as it is read; this is for
    /// what lies there unread.
    public func verify(ifDueAt now: Date) throws(PortError) {
        guard place.isVerificationDue(at: now) else { return }
        try verify()
        place.noteVerification(at: now)
    }

    /// When it was written anew last, and why; nil when that never happened.
    public func lastRebuild() throws(PortError) -> LedgerRebuild? {
        try open().row("SELECT at, content FROM milestone WHERE kind = 'rebuilt' ORDER BY at DESC LIMIT 1") {
            (row) throws(PortError) in LedgerRebuild(at: try row.time(0), reason: try row.text(1))
        }
    }

    /// Writes it anew beside its place, and moves it there when it is whole and on the disk.
    public func rebuild(from records: HostRecords, because reason: String, at: Date) throws(PortError) {
        forget()
        try makingRoom(true) { () throws(PortError) in
            try Connection.build(place.temporary, counters, records, because: reason, at: at)
        }
        try place.replace(at: at)
    }

    /// In what it differs from the host's files. What the files say is what counts; what they do not tell, such as
    /// releases that failed, stays as it is.
    public func compare(_ records: HostRecords, repairing: Bool) throws(PortError) -> [LedgerDifference] {
        let connection = try open()
        return try connection.transaction(keeping: repairing) { () throws(PortError) in
            try connection.take(records, counters)
        }
    }
}

extension Connection {
    /// Makes a new ledger, whole in its file when this returns.
    static func build(
        _ path: String, _ counters: CounterFile, _ records: HostRecords, because reason: String, at: Date
    ) throws(PortError) {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        let fresh = try Connection(path: path)
        try Schema.prepare(fresh)
        try fresh.transaction { () throws(PortError) in
            _ = try fresh.take(records, counters)
            try fresh.beginChain(
                "gap: the ledger was written anew, and the records before are not in it: \(reason)", at: at)
            try fresh.run(
                "INSERT INTO milestone (at, kind, content) VALUES (?1, 'rebuilt', ?2)", [try .time(at), .text(reason)])
        }
    }

    /// Has the rows say what the host's files say, and tells what they said otherwise.
    func take(_ records: HostRecords, _ counters: CounterFile) throws(PortError) -> [LedgerDifference] {
        var comparison = Comparison(self, counters)
        try comparison.apply(records)
        return comparison.differences
    }

    func verify() throws(PortError) {
        let found = try row("PRAGMA integrity_check(1)") { (row) throws(PortError) in try row.text(0) }
        if let found, found != "ok" { throw .damaged(found) }
        if let table = try row("PRAGMA foreign_key_check", read: { (row) throws(PortError) in try row.text(0) }) {
            throw .damaged("a row of \(table) refers to nothing")
        }
        guard try Schema.isOwn(self) else { throw .damaged("its tables are not those that were made") }
    }
}
