public import Logging

/// The metadata keys of the agent's log lines, each once.
///
/// In the journal `tenant` is the field `TUSSILAGO_TENANT`.
public enum LogKey: String, Sendable, CaseIterable {
    case tenant, app, release, process, unit
    /// The operation's id.
    case operation
    /// The HTTP request's id, which the caller was told.
    case request
    case caller
    /// The kind of an operation's event; it also gives the line its ``MessageID``.
    case event
    case step
    /// Of a record of the audit: what was asked for, and how it came out.
    case verb, outcome
    /// Its number, and its hash.
    case record
    case recordHash = "record_hash"
    case durationMilliseconds = "duration_ms"
    case code
    case error
    /// Becomes the field `MESSAGE_ID`, by which the message catalog explains a line.
    case messageID = "message_id"
}

extension Logger {
    /// The logger's own metadata, by typed key.
    public subscript(key: LogKey) -> Metadata.Value? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }
}

extension Logger.Metadata {
    /// Makes metadata of typed keys.
    public init(_ values: [LogKey: Value]) {
        self.init(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
    }
}
