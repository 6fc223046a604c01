public import FoundationEssentials
internal import Queues
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
        var newestFirst: [String] = []
        var run = NewestRun()
        try read(unit) { (journal) throws(PortError) in
            let isManagers = journal.value("_PID") == "1"
            let place = run.place(
                of: journal.value(isManagers ? "INVOCATION_ID" : "_SYSTEMD_INVOCATION_ID"),
                isStart: isManagers && journal.value("MESSAGE_ID") == Self.unitStarting)
            if place == .before { return false }
            if place == .inside, LogEntry(journal).isApps, let line = Self.line(journal) { newestFirst.append(line) }
            return newestFirst.count < lines
        }
        return newestFirst.reversed()
    }

    public func obstacle(of unit: UnitName, since begin: Date) throws(PortError) -> StartObstacle? {
        var search = ObstacleSearch()
        try read(unit) { (journal) throws(PortError) in
            guard try journal.time() >= begin else { return false }
            if LogEntry(journal).isPlatforms, let line = Self.line(journal) { search.look(at: line) }
            return true
        }
        return search.result
    }

    /// Goes through a unit's entries, the newest first, until `look` returns false.
    private func read(
        _ unit: UnitName, _ look: (borrowing SystemJournal) throws(PortError) -> Bool
    ) throws(PortError) {
        JournalSynchronization.perform()
        let journal = try SystemJournal()
        // systemd's lines about the unit too: a run that wrote nothing must not be taken for the one before it.
        try journal.select([("_SYSTEMD_UNIT", "\(unit)")], [("_PID", "1"), ("UNIT", "\(unit)")])
        for _ in 0..<Self.entryLimit {
            guard !Task.isCancelled, try journal.previous(), try look(journal) else { return }
        }
    }

    private static func line(_ journal: borrowing SystemJournal) -> String? {
        journal.value("MESSAGE").map { TerminalText.clean($0, limit: lineLimit) }
    }
}

extension LogEntry {
    fileprivate init(_ journal: borrowing SystemJournal) {
        self.init(transport: journal.value("_TRANSPORT"), user: journal.value("_UID"))
    }
}
