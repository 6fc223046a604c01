internal import FoundationEssentials
internal import Glibc
internal import TussilagoCore

/// Where a ledger lies, and what lies beside it.
///
/// | name | what it is |
/// |---|---|
/// | `ledger.sqlite`, `-wal`, `-shm` | the ledger, as SQLite keeps it |
/// | `ledger.sqlite.counters` | the next indices, so that a lost ledger gives none of them out twice |
/// | `ledger.sqlite.damage` | that damage was found, and what; the next agent writes the ledger anew |
/// | `ledger.sqlite.damaged-TIME` | what a ledger was before that |
struct LedgerPlace: Sendable {
    let path: String
    /// A file in memory that says how the ledger was when it was closed last; nil to do without.
    let seal: String?

    /// How many damaged files are kept.
    private static let kept = 3

    /// A new ledger on its way.
    var temporary: String { "\(path).new" }
    private var notePath: String { "\(path).damage" }

    /// Whether there is anything in the file. SQLite takes an empty one for a new ledger.
    var isThere: Bool { status.map { $0.st_size > 0 } ?? false }

    /// What tells one file from another of the same name.
    var identity: UInt64? { status.map { UInt64($0.st_ino) } }

    private var status: stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    // MARK: The seal

    /// Notes how the file is, now that it is closed: whatever writes to it changes these.
    func close() {
        guard let seal, let print = print else { return }
        Self.write(print, to: seal)
    }

    /// Whether nobody has written to the file since it was closed. A boot forgets it.
    var isSealed: Bool {
        guard let seal, let print, let sealed = Self.text(of: seal) else { return false }
        return sealed == print && access("\(path)-wal", F_OK) != 0
    }

    /// Takes the seal away: who dies with the file open leaves none.
    func unseal() { if let seal { unlink(seal) } }

    private var print: String? {
        status.map { status in
            """
            \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \
            \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)
            """
        }
    }

    // MARK: The last look through all of it

    /// How long what was found sound is taken to be so, in seconds.
    private static let verificationLasts = 86_400.0

    private var verificationPath: String? { seal.map { "\($0).verified" } }

    /// Notes, in memory, when all of the file was found sound. A boot forgets it.
    func noteVerification(at now: Date) {
        if let verificationPath { Self.write("\(identity ?? 0) \(now.timeIntervalSince1970)", to: verificationPath) }
    }

    /// Whether that is too long ago, was another file's, or lies in the future: then the clock was set back.
    func isVerificationDue(at now: Date) -> Bool {
        let parts = verificationPath.flatMap(Self.text(of:))?.split(separator: " ") ?? []
        guard parts.count == 2, UInt64(parts[0]) == identity, let noted = Double(parts[1]) else { return true }
        return !(0..<Self.verificationLasts).contains(now.timeIntervalSince1970 - noted)
    }

    // MARK: Damage

    /// What was found to be damaged, if an agent has noted it.
    var note: String? { Self.text(of: notePath) }

    /// Notes it for the next agent. A disk that takes no note has the next one find it again.
    func note(_ reason: String) { Self.write(reason, to: notePath) }

    /// Puts the new ledger in the place of what is there, which is kept. Cut anywhere, the file is missing or whole.
    func replace(at: Date) throws(PortError) {
        let time = at.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        try sync(temporary)
        // The log goes with its file: beside another one it would be played into that.
        for suffix in ["", "-wal"] { try move("\(path)\(suffix)", to: "\(path).damaged-\(time)\(suffix)") }
        unlink("\(path)-shm")
        try sync(directory)
        try move(temporary, to: path)
        try sync(directory)
        unlink(notePath)
        unseal()
        prune()
    }

    private func prune() {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return }
        let prefix = "\(path.dropFirst(directory.count + 1)).damaged-"
        // Of a file that was removed only the log may be there.
        let damaged = Set(
            names.filter { $0.hasPrefix(prefix) }.map { $0.hasSuffix("-wal") ? String($0.dropLast(4)) : $0 })
        for name in damaged.sorted().dropLast(Self.kept) {
            for suffix in ["", "-wal", "-shm"] { unlink("\(directory)/\(name)\(suffix)") }
        }
    }

    private var directory: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    private func move(_ path: String, to other: String) throws(PortError) {
        guard rename(path, other) == 0 || errno == ENOENT else { throw Self.failure("rename") }
    }

    private func sync(_ path: String) throws(PortError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("fsync") }
    }

    private static func failure(_ call: String) -> PortError {
        let code = errno
        return PortError(
            code == ENOSPC ? .noSpace : .unavailable, PortError.ledgerSubject,
            cause: "it cannot be put in its place", detail: "\(call): errno \(code)")
    }

    // MARK: Small texts

    static func text(of path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Puts a text in the place of what a file holds, in one step, on the disk when this returns.
    @discardableResult
    static func write(_ text: String, to path: String) -> Bool {
        let temporary = "\(path).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        let bytes = Array(text.utf8.prefix(4096))
        return Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
            && rename(temporary, path) == 0
    }
}
