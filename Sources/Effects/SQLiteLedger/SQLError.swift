internal import CSQLite
internal import TussilagoCore

extension PortError {
    /// What errors of the file itself are about.
    static let ledgerSubject = "ledger"

    /// Turns an extended result code of SQLite (sqlite.org/rescode.html) into the error that callers decide by.
    ///
    /// SQLite's own message tells of tables and paths: it goes to the detail, for the journal only.
    init(sqlite code: Int32, _ message: String) {
        let (kind, cause): (Code, String) =
            switch code & 0xFF {
            case SQLITE_IOERR where code == Self.shortRead: (.damaged, Self.damage)
            case SQLITE_BUSY, SQLITE_LOCKED: (.unavailable, "another program holds the ledger")
            // The index of the log grows by a call of its own, which fails for no other reason.
            case SQLITE_IOERR where code == SQLITE_IOERR | (19 << 8): (.noSpace, "no room is left on the disk")
            case SQLITE_FULL: (.noSpace, "no room is left on the disk")
            case SQLITE_CONSTRAINT: (.conflict, "it contradicts what the ledger holds")
            case SQLITE_CORRUPT, SQLITE_NOTADB: (.damaged, Self.damage)
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: (.unavailable, "the ledger cannot be opened")
            case SQLITE_READONLY: (.unavailable, "the ledger cannot be written")
            case SQLITE_IOERR: (.unavailable, "the disk failed to read or write the ledger")
            case SQLITE_NOMEM: (.unavailable, "memory is short")
            case SQLITE_TOOBIG: (.refused, "it is too large for the ledger")
            default: (.unexpected, "the ledger failed")
            }
        self.init(kind, Self.ledgerSubject, cause: cause, detail: "SQLite \(code): \(message)")
    }

    /// A row holds what this program never writes.
    static func damaged(_ detail: String) -> PortError {
        PortError(.damaged, ledgerSubject, cause: damage, detail: detail)
    }

    private static let damage = "the ledger is damaged"
    /// `SQLITE_IOERR_SHORT_READ`, a computed macro that is not imported: the file is shorter than it says.
    private static let shortRead: Int32 = 522
}
