public import FoundationEssentials

/// Something that somebody asked for, and how it came out. Kept for longer than what it was about.
public struct AuditEntry: Hashable, Sendable {
    /// When.
    public let at: Date
    /// Who asked, by a name that may be shown.
    public let caller: String
    /// What was asked for, as in `app.deploy`.
    public let verb: String
    /// What it was about: `acme/shop`, `acme`, `the host`.
    public let subject: String
    /// The tenant that it was about; nil for the host's.
    public let tenant: String?
    /// How it came out.
    public let outcome: Outcome
    /// The id of the HTTP request.
    public let requestID: UUID
    /// The operation that was made of it.
    public let operation: UUID?
    /// More about it: why it was refused, which role was granted.
    public let detail: String

    /// How something came out.
    public enum Outcome: String, Hashable, Sendable, Codable, CaseIterable {
        /// It is an operation from now on, whose end has a record of its own.
        case accepted
        /// It was done at once.
        case done
        /// It was not done.
        case refused
        /// An operation's end.
        case succeeded, failed, cancelled
    }

    /// The most characters that a text of a record has.
    private static let longest = 400

    /// Describes an entry. Control characters are taken out of its texts: each is one line.
    public init(
        at: Date, caller: String, verb: String, subject: String, tenant: String?, outcome: Outcome, requestID: UUID,
        operation: UUID? = nil, detail: String = ""
    ) {
        // As exact as it is written down, so that what is read back is the same.
        self.at = Date(timeIntervalSince1970: (at.timeIntervalSince1970 * 1e6).rounded() / 1e6)
        self.caller = Self.oneLine(caller)
        self.verb = Self.oneLine(verb)
        self.subject = Self.oneLine(subject)
        self.tenant = tenant.map(Self.oneLine)
        self.outcome = outcome
        self.requestID = requestID
        self.operation = operation
        self.detail = Self.oneLine(detail)
    }

    /// A text as one line of bounded length.
    public static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest).map { $0.isControl ? "\u{FFFD}" : $0 }))
    }
}

/// One link of a chain: an entry, and the hash of the record before it.
public struct AuditRecord: Hashable, Sendable {
    /// The chain.
    public let chain: UUID
    /// Its number in the chain, from 1, with none left out.
    public let sequence: Int
    /// What happened.
    public let entry: AuditEntry
    /// The hash of the record before it; of the first one ``AuditChain/seal``'s.
    public let previous: String
    /// The hash of ``seal``: SHA-256 in hexadecimal digits.
    public let hash: String

    /// Takes a record as it was written.
    public init(chain: UUID, sequence: Int, entry: AuditEntry, previous: String, hash: String) {
        self.chain = chain
        self.sequence = sequence
        self.entry = entry
        self.previous = previous
        self.hash = hash
    }

    /// Adds an entry to a chain.
    public init(
        _ entry: AuditEntry, after previous: String, chain: UUID, sequence: Int, hash: (String) -> String
    ) {
        self.init(
            chain: chain, sequence: sequence, entry: entry, previous: previous,
            hash: hash(Self.seal(entry, previous, chain, sequence)))
    }

    /// What is hashed: each member in a line of its own, in this order; an absent one is an empty line.
    public var seal: String { Self.seal(entry, previous, chain, sequence) }

    private static func seal(_ entry: AuditEntry, _ previous: String, _ chain: UUID, _ sequence: Int) -> String {
        let lines: [String] = [
            previous, chain.lowercased, "\(sequence)", "\(entry.at.microseconds)", entry.caller, entry.verb,
            entry.subject, entry.tenant ?? "", entry.outcome.rawValue, entry.requestID.lowercased,
            entry.operation?.lowercased ?? "", entry.detail,
        ]
        return lines.joined(separator: "\n")
    }
}

extension Date {
    /// Microseconds since 1970, as the ledger writes times.
    public var microseconds: Int64 { Int64(exactly: (timeIntervalSince1970 * 1e6).rounded()) ?? 0 }
}

/// A chain of records. A ledger has one that grows; a lost ledger and a restored one begin another, and say why.
public struct AuditChain: Hashable, Sendable {
    /// Its id.
    public let id: UUID
    /// When it began.
    public let begunAt: Date
    /// Why it began.
    public let reason: String
    /// How many of its records were dropped, the oldest first, since there were too many.
    public let dropped: Int
    /// The hash of the last of those; of none ``seal``'s.
    public let anchor: String
    /// The number of its last record; 0 when it has none.
    public let last: Int
    /// The hash of its last record.
    public let head: String

    /// Describes a chain.
    public init(id: UUID, begunAt: Date, reason: String, dropped: Int, anchor: String, last: Int, head: String) {
        self.id = id
        self.begunAt = begunAt
        self.reason = reason
        self.dropped = dropped
        self.anchor = anchor
        self.last = last
        self.head = head
    }

    /// What its first record's `previous` is the hash of.
    public static func seal(id: UUID, begunAt: Date, reason: String) -> String {
        "tussilago audit\n\(id.lowercased)\n\(begunAt.microseconds)\n\(reason)"
    }
}

/// Follows a chain, record by record, and finds the first that is not as it was written.
public struct AuditCheck {
    /// The number of the last record that was right.
    public private(set) var last: Int
    /// The hash of that record.
    public private(set) var head: String
    private let hash: (String) -> String

    /// Begins behind a record.
    public init(after last: Int, head: String, hash: @escaping (String) -> String) {
        self.last = last
        self.head = head
        self.hash = hash
    }

    /// Takes the next record.
    /// - Returns: what is wrong with it, with the number of the record; nil when nothing is.
    public mutating func take(_ record: AuditRecord) -> AuditFault? {
        guard record.sequence == last + 1 else {
            return AuditFault(record: last + 1, what: "it is missing; record \(record.sequence) follows")
        }
        guard record.previous == head else {
            return AuditFault(record: record.sequence, what: "it does not follow the record before it")
        }
        guard record.hash == hash(record.seal) else {
            return AuditFault(record: record.sequence, what: "it was changed")
        }
        last = record.sequence
        head = record.hash
        return nil
    }
}

/// Where a chain is broken.
public struct AuditFault: Hashable, Sendable {
    /// The number of the record.
    public let record: Int
    /// What is wrong with it.
    public let what: String

    /// Describes a fault.
    public init(record: Int, what: String) {
        self.record = record
        self.what = what
    }
}
