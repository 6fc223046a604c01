public import TussilagoCore

/// Reads what units wrote to the journal. libsystemd's reader blocks, so it runs on a queue of its own.
public actor JournalReader: LogReader {
    /// The longest line, in characters.
    public static let lineLimit = 500
    /// How many entries one call looks at: an instance writes little beside what its app says.
    private static let entryLimit = 5_000

    private let queue = SerialQueue(label: "tussilago.journal")

    public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// Makes a reader; the journal is opened for each call.
    public init() {}

    public func tail(_ unit: UnitName, lines: Int) throws(PortError) -> [String] {
        guard lines > 0 else { return [] }
        JournalSynchronization.await()
        let journal = try SystemJournal()
        guard let invocation = try Self.newestInvocation(of: unit, in: journal) else { return [] }
        try journal.select([("_SYSTEMD_INVOCATION_ID", invocation)])
        var newestFirst: [String] = []
        for _ in 0..<Self.entryLimit where newestFirst.count < lines {
            guard !Task.isCancelled, try journal.previous() else { break }
            let entry = LogEntry(
                transport: journal.value("_TRANSPORT"), program: journal.value("_COMM"),
                identifier: journal.value("SYSLOG_IDENTIFIER"))
            guard entry.isOwn, let message = journal.value("MESSAGE") else { continue }
            newestFirst.append(TerminalText.clean(message, limit: Self.lineLimit))
        }
        return newestFirst.reversed()
    }

    /// The id of a unit's newest run, as the unit's own lines or systemd's lines about it have it.
    ///
    /// systemd's count too: a run that wrote nothing must not be taken for the one before it.
    private static func newestInvocation(
        of unit: UnitName, in journal: borrowing SystemJournal
    ) throws(PortError) -> String? {
        try journal.select([("_SYSTEMD_UNIT", "\(unit)")], [("_PID", "1"), ("UNIT", "\(unit)")])
        for _ in 0..<100 {
            guard try journal.previous() else { return nil }
            let isOfUnit = journal.value("_SYSTEMD_UNIT") == "\(unit)"
            if let id = journal.value(isOfUnit ? "_SYSTEMD_INVOCATION_ID" : "INVOCATION_ID") { return id }
        }
        return nil
    }
}
