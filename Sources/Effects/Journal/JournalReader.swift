public import TussilagoCore

/// Reads what units wrote to the journal. libsystemd's reader blocks, so it runs on a queue of its own.
public actor JournalReader: LogReader {
    /// The longest line, in characters.
    public static let lineLimit = 500
    /// How many entries one call looks at: an instance writes little beside what its app says.
    private static let entryLimit = 5_000
    /// The catalog's id of systemd's "Starting …" (`SD_MESSAGE_UNIT_STARTING` in its sd-messages.h).
    private static let unitStarting = "7d4958e842da4a758f6c1cdc7b36dcc5"

    private let queue = SerialQueue(label: "tussilago.journal")

    public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// Makes a reader; the journal is opened for each call.
    public init() {}

    public func tail(_ unit: UnitName, lines: Int) throws(PortError) -> [String] {
        guard lines > 0 else { return [] }
        JournalSynchronization.perform()
        let journal = try SystemJournal()
        // systemd's lines about the unit too: a run that wrote nothing must not be taken for the one before it.
        try journal.select([("_SYSTEMD_UNIT", "\(unit)")], [("_PID", "1"), ("UNIT", "\(unit)")])
        var run = NewestRun()
        var newestFirst: [String] = []
        for _ in 0..<Self.entryLimit where newestFirst.count < lines {
            guard !Task.isCancelled, try journal.previous() else { break }
            let isManagers = journal.value("_PID") == "1"
            let place = run.place(
                of: journal.value(isManagers ? "INVOCATION_ID" : "_SYSTEMD_INVOCATION_ID"),
                isStart: isManagers && journal.value("MESSAGE_ID") == Self.unitStarting)
            if place == .before { break }
            if place == .outside || isManagers { continue }
            let entry = LogEntry(
                transport: journal.value("_TRANSPORT"), program: journal.value("_COMM"),
                identifier: journal.value("SYSLOG_IDENTIFIER"))
            guard entry.isOwn, let message = journal.value("MESSAGE") else { continue }
            newestFirst.append(TerminalText.clean(message, limit: Self.lineLimit))
        }
        return newestFirst.reversed()
    }
}
