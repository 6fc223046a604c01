internal import Glibc
public import Logging
internal import TussilagoCore

/// Sends log lines to journald with their metadata as fields, so that `journalctl TUSSILAGO_APP=shop` finds them.
///
/// Where there is no journald, as in development, lines go to stderr.
public struct JournalLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let identifier: String

    /// Makes a handler for a program whose name becomes `SYSLOG_IDENTIFIER`.
    public init(identifier: String = "tussilagod", level: Logger.Level = .info) {
        self.identifier = identifier
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let metadata = allMetadata(of: event)
        if Self.hasJournal, record(of: event, metadata).send() { return }
        Self.writeToStandardError(event, metadata)
    }

    /// The entry that an event becomes.
    func record(of event: LogEvent) -> JournalRecord {
        record(of: event, allMetadata(of: event))
    }

    private func record(of event: LogEvent, _ metadata: Logger.Metadata) -> JournalRecord {
        var record = JournalRecord()
        record.add("MESSAGE", event.message)
        record.add("PRIORITY", event.level.priority)
        record.add("SYSLOG_IDENTIFIER", identifier)
        record.add("CODE_FILE", event.file)
        record.add("CODE_LINE", event.line)
        record.add("CODE_FUNC", event.function)
        if let id = Self.messageID(metadata) { record.add("MESSAGE_ID", id) }
        for (key, value) in metadata where key != LogKey.messageID.rawValue {
            record.add(JournalRecord.fieldName(key), value)
        }
        return record
    }

    /// What stands nearer to the line wins.
    private func allMetadata(of event: LogEvent) -> Logger.Metadata {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let error = event.error { all[LogKey.error.rawValue] = "\(error)" }
        if let own = event.metadata { all.merge(own) { $1 } }
        return all
    }

    /// The id that the line names itself, or that its operation's event has.
    private static func messageID(_ metadata: Logger.Metadata) -> String? {
        if let id = metadata[LogKey.messageID.rawValue] { return id.description }
        guard let event = metadata[LogKey.event.rawValue] else { return nil }
        return OperationEvent.Kind(rawValue: event.description).flatMap { MessageID(event: $0) }?.rawValue
    }

    /// Whether journald runs; libsystemd does not tell, it drops entries when not (sd_journal_sendv(3)).
    private static let hasJournal = access("/run/systemd/journal/socket", W_OK) == 0

    private static func writeToStandardError(_ event: LogEvent, _ metadata: Logger.Metadata) {
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let line =
            TerminalText.clean("\(event.level): \(event.message)\(pairs)", limit: JournalRecord.valueLimit) + "\n"
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}

extension Logger.Level {
    /// The priority of syslog(3).
    fileprivate var priority: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}
