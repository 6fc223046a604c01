internal import CSQLite
internal import Glibc
internal import TussilagoCore

/// An open SQLite file and its prepared statements.
///
/// It belongs to one actor and is not Sendable. It needs SQLite 3.37 of 2021, for `STRICT` tables and `SQLITE_OPEN_EXRESCODE`.
final class Connection {
    private let handle: OpaquePointer
    private let path: String
    private let onDamage: (PortError) -> Void
    /// What was found to be damaged.
    private(set) var damage: PortError?
    // By their text. All texts stand in this module's source, so their number is bounded.
    private var statements: [String: Statement] = [:]
    // By their ids, with the texts that they were parsed from: to parse one takes longer than to read a hundred.
    private var releases: [String: (text: String, release: Release)] = [:]
    private static let parsedReleases = 1_000

    // As Schema.prepare(_:) sets it.
    private var isSynced = true

    /// How long a call waits for another program that holds the file, in milliseconds.
    private static let busyTimeout: Int32 = 2000
    /// Has SQLite copy what is bound; the macro `SQLITE_TRANSIENT` is a cast, which is not imported.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// Opens a file, and makes it when it is not there, for its owner only.
    convenience init(path: String, onDamage: @escaping (PortError) -> Void = { _ in }) throws(PortError) {
        try makePrivate(path)
        try self.init(opening: path, onDamage: onDamage)
    }

    /// Opens an empty database in memory.
    static func inMemory() throws(PortError) -> Connection { try Connection(opening: ":memory:", onDamage: { _ in }) }

    private init(opening path: String, onDamage: @escaping (PortError) -> Void) throws(PortError) {
        var handle: OpaquePointer?
        // No SQLite mutex: the actor's executor is the one thread that comes here.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            defer { sqlite3_close_v2(handle) }
            throw PortError(sqlite: code, "open: \(String(cString: sqlite3_errstr(code)))")
        }
        self.handle = handle
        self.path = path
        self.onDamage = onDamage
        sqlite3_busy_timeout(handle, Self.busyTimeout)
    }

    deinit {
        // Statements first: the last close of a file moves the write-ahead log into it, and waits for them.
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Writes what the file is now beside it, under its name and `suffix`, in one piece.
    @discardableResult
    func copy(named suffix: String) throws(PortError) -> String {
        let copy = "\(path).\(suffix)"
        guard unlink(copy) == 0 || errno == ENOENT else {
            throw PortError(sqlite: SQLITE_CANTOPEN, "the copy \(copy) cannot be replaced")
        }
        try run("VACUUM INTO ?1", [.text(copy)])
        guard chmod(copy, 0o600) == 0 else { throw PortError(sqlite: SQLITE_PERM, "chmod of \(copy)") }
        return copy
    }

    /// Whether SQLite writes to a file that this program may write to: not if its header says that only a newer SQLite may
    /// (sqlite.org/fileformat.html §1.3.3). Known once something was read of it.
    var allowsWriting: Bool { sqlite3_db_readonly(handle, "main") == 0 || access(path, W_OK) != 0 }

    /// The release whose id and content stand in a row's columns.
    func release(_ row: borrowing Row, id: Int32, content: Int32) throws(PortError) -> Release {
        let key = try row.text(id), text = try row.text(content)
        if let known = releases[key], known.text == text { return known.release }
        let release = try row.release(content, text)
        if releases.count >= Self.parsedReleases { releases = [:] }
        releases[key] = (text, release)
        return release
    }

    /// Runs statements without parameters or results.
    func script(_ sql: String) throws(PortError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Runs a statement that gives no rows.
    func run(_ sql: String, _ values: [Value] = []) throws(PortError) {
        _ = try rows(sql, values) { (_: borrowing Row) in }
    }

    /// The first row that a statement gives, or nil.
    func row<Item>(
        _ sql: String, _ values: [Value] = [], read: (borrowing Row) throws(PortError) -> Item
    ) throws(PortError) -> Item? {
        try rows(sql, values, read: read).first
    }

    /// All rows that a statement gives; a text that may give many has a `LIMIT`.
    func rows<Item>(
        _ sql: String, _ values: [Value] = [], read: (borrowing Row) throws(PortError) -> Item
    ) throws(PortError) -> [Item] {
        do throws(PortError) { return try step(sql, values, read) } catch {
            if error.code == .damaged, damage == nil {
                damage = error
                onDamage(error)
            }
            throw error
        }
    }

    private func step<Item>(
        _ sql: String, _ values: [Value], _ read: (borrowing Row) throws(PortError) -> Item
    ) throws(PortError) -> [Item] {
        let statement = try prepare(sql).handle
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { try bind(value, to: Int32(index + 1), of: statement) }
        var items: [Item] = []
        while true {
            let code = sqlite3_step(statement)
            switch code {
            case SQLITE_ROW: items.append(try read(Row(statement)))
            case SQLITE_DONE: return items
            default: throw error(code)
            }
        }
    }

    /// Whether a statement gives any row.
    func holds(_ sql: String, _ values: [Value]) throws(PortError) -> Bool {
        try row(sql, values) { (_: borrowing Row) in true } ?? false
    }

    /// Has all that `body` writes on the disk when it returns, or none of it.
    /// - Parameter keeping: false to have none of it in any case.
    /// - Parameter synced: false to have it on the disk only with the next transaction that is. It is in the log then,
    ///   which outlives this program, and which a sync puts on the disk as a whole (sqlite.org/pragma.html, `synchronous`).
    func transaction<Result>(
        keeping: Bool = true, synced: Bool = true, _ body: () throws(PortError) -> Result
    ) throws(PortError) -> Result {
        if synced != isSynced {
            try script("PRAGMA synchronous = \(synced ? "FULL" : "NORMAL")")
            isSynced = synced
        }
        // IMMEDIATE takes the write lock at once: a later upgrade of a read lock fails without waiting.
        try run("BEGIN IMMEDIATE")
        do throws(PortError) {
            let result = try body()
            try run(keeping ? "COMMIT" : "ROLLBACK")
            return result
        } catch {
            // SQLite itself has rolled back after some errors, a full disk among them.
            if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    private func prepare(_ sql: String) throws(PortError) -> Statement {
        if let statement = statements[sql] { return statement }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        // The texts are this module's own, so a table that one of them names must be there.
        if code == SQLITE_ERROR { throw .damaged(String(cString: sqlite3_errmsg(handle))) }
        guard code == SQLITE_OK, let prepared else { throw error(code) }
        let statement = Statement(prepared)
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: Value, to index: Int32, of statement: OpaquePointer) throws(PortError) {
        let code: Int32
        switch value {
        case .null: code = sqlite3_bind_null(statement, index)
        case .integer(let integer): code = sqlite3_bind_int64(statement, index, integer)
        case .text(var text):
            // With its length, so that a NUL does not cut it.
            code = text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    sqlite3_bind_text64(
                        statement, index, bytes.baseAddress, UInt64(bytes.count), Self.transient, UInt8(SQLITE_UTF8))
                }
            }
        }
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> PortError { PortError(sqlite: code, String(cString: sqlite3_errmsg(handle))) }
}

/// A prepared statement.
private final class Statement {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { sqlite3_finalize(handle) }
}

/// Makes an empty file of mode 0600 before SQLite opens it, or takes from an old one what others may do with it.
///
/// SQLite gives its `-wal` and `-shm` the mode of the file. A file that exists is never opened here: to close any
/// descriptor of it would drop the locks that SQLite has on it (fcntl(2), sqlite.org/howtocorrupt.html §2.2).
private func makePrivate(_ path: String) throws(PortError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
        close(descriptor)
        return
    }
    guard errno == EEXIST else { throw PortError(sqlite: SQLITE_CANTOPEN, "create: errno \(errno)") }
    for file in [path, "\(path)-wal", "\(path)-shm"] {
        var status = stat()
        guard stat(file, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
        guard chmod(file, 0o600) == 0 else { throw PortError(sqlite: SQLITE_PERM, "chmod: errno \(errno)") }
    }
}
