public import FoundationEssentials
public import TussilagoCore

/// An error as the API answers it: `application/problem+json` (RFC 9457).
public struct Problem: Error, Hashable, Sendable, Codable {
    /// A stable identifier of the kind of problem: `tag:tussilago,2026:` and the code.
    public var type: String
    /// The kind in words, always the same for a code.
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// What happened this time, and why.
    public var detail: String
    /// The stable code: programs decide by it.
    public var code: Code
    /// The field of the request that it is about, if it is about one.
    public var field: String?
    /// What to do, most often a command.
    public var remedy: String?
    /// The request's id; the journal has the detail under it.
    @OptionalLowercaseID public var requestId: UUID?
    /// The operation that it is about, or that stands in the way.
    @OptionalLowercaseID public var operation: UUID?
    /// Every mistake of a manifest, with its line and column.
    public var mistakes: [DocumentErrors.Mistake]?
    /// After how many seconds to try again; also the header `Retry-After`.
    public var retryAfter: Int?

    /// Describes a problem.
    public init(
        _ code: Code, _ detail: String, field: String? = nil, remedy: String? = nil, operation: UUID? = nil,
        mistakes: [DocumentErrors.Mistake]? = nil
    ) {
        type = "tag:tussilago,2026:\(code.rawValue)"
        title = code.title
        status = code.status
        self.detail = detail
        self.code = code
        self.field = field
        self.remedy = remedy
        self.operation = operation
        self.mistakes = mistakes
    }

    /// Every code, once.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        case invalidRequest = "invalid-request"
        case invalidManifest = "invalid-manifest"
        case unauthorized
        case forbidden
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case conflict
        case busy
        case keyReused = "idempotency-key-reused"
        case unknownCursor = "unknown-cursor"
        case quotaExceeded = "quota-exceeded"
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case tooManyRequests = "too-many-requests"
        case timedOut = "timed-out"
        case noSpace = "no-space"
        case unavailable
        case noKey = "no-key"
        case inner = "internal"
        /// Of the command alone: a request about an operation that failed is itself answered well.
        case operationFailed = "operation-failed"

        /// The HTTP status that goes with it.
        public var status: Int {
            switch self {
            case .invalidRequest: 400
            case .invalidManifest, .keyReused, .unknownCursor: 422
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict, .busy, .quotaExceeded: 409
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .tooManyRequests: 429
            case .timedOut: 408
            case .noSpace: 507
            case .unavailable, .noKey: 503
            case .inner, .operationFailed: 500
            }
        }

        /// The kind in words.
        public var title: String {
            switch self {
            case .invalidRequest: "The request is not valid"
            case .invalidManifest: "The manifest is not valid"
            case .unauthorized: "The token does not count"
            case .forbidden: "Not allowed"
            case .notFound: "Not found"
            case .methodNotAllowed: "This cannot be done here"
            case .conflict: "It exists already"
            case .busy: "Another operation is under way"
            case .keyReused: "The idempotency key was used for another request"
            case .unknownCursor: "The cursor is none of this list"
            case .quotaExceeded: "The tenant would have more than it may"
            case .tooLarge: "The request is too large"
            case .unsupportedMediaType: "The request is not JSON"
            case .tooManyRequests: "Too many requests"
            case .timedOut: "The request took too long"
            case .noSpace: "The disk is full"
            case .unavailable: "Something that the platform needs is away"
            case .noKey: "The host has no key for secrets"
            case .inner: "The agent failed"
            case .operationFailed: "The operation failed"
            }
        }
    }

    /// The media type of problems.
    public static let mediaType = "application/problem+json"
}
