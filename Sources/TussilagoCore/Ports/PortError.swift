/// What went wrong in an outside world: what kind of thing, to what, and why. One error for all ports.
public struct PortError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong; callers decide by it.
    public let code: Code
    /// What it happened to: a unit, a path's last part, a hostname. It may be shown to callers of the API.
    public let subject: String
    /// Why, for people. It may be shown to callers of the API: it names no inner path and no id of the host.
    public let cause: String
    /// What only the journal gets to see.
    public let detail: String

    /// Describes a failure.
    public init(_ code: Code, _ subject: String, cause: String, detail: String = "") {
        self.code = code
        self.subject = subject
        self.cause = cause
        self.detail = detail
    }

    /// The kinds of failures.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// What was asked for is not there.
        case notFound = "not-found"
        /// It exists already, or changed meanwhile.
        case conflict
        /// It was refused: an invalid unit, a job that failed. Trying again changes nothing.
        case refused
        /// An instance did not start or did not get ready.
        case startFailed = "start-failed"
        /// A source could not be built.
        case buildFailed = "build-failed"
        /// The other side is away for the moment. Trying again may help.
        case unavailable
        /// The deadline passed. Trying again may help.
        case timedOut = "timed-out"
        /// Somebody asked for it to be cancelled.
        case cancelled
        /// The operation's own time is over.
        case expired
        /// The tenant would have more than it may.
        case quotaExceeded = "quota-exceeded"
        /// No room is left on the disk.
        case noSpace = "no-space"
        /// The host has no key for secrets, or another one than they were encrypted with.
        case noKey = "no-key"
        /// What was kept is not as it was written.
        case damaged
        /// The other side said something that it never should.
        case unexpected
    }

    /// Whether the same call may succeed a moment later.
    public var isTransient: Bool { code == .unavailable || code == .timedOut }

    public var description: String {
        "\(subject): \(cause)" + (detail.isEmpty ? "" : " (\(detail))")
    }
}
