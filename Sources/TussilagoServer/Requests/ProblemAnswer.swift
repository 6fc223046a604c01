import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1
import TussilagoAPI
import TussilagoCore

/// A problem as it goes over the wire.
struct ProblemAnswer {
    var head: HTTPResponse
    let body: ByteBuffer

    /// Writes a problem out, with the id of a request; a new one for what never became a request.
    init(_ problem: Problem, requestID: UUID = UUID(), allow: [HTTPRequest.Method] = []) {
        var problem = problem
        problem.requestId = requestID
        // Strings and numbers always encode; an empty body would still have the status.
        let data = (try? APICoding.encode(problem)) ?? Data()
        body = ByteBuffer(bytes: data)
        head = HTTPResponse(
            status: HTTPResponse.Status(code: problem.status, reasonPhrase: Self.reason(problem.status)))
        head.headerFields[.contentType] = Problem.mediaType
        head.headerFields[.contentLength] = String(data.count)
        head.headerFields.addCommon(requestID)
        if let seconds = problem.retryAfter { head.headerFields[.retryAfter] = String(seconds) }
        // RFC 6750 §3
        if problem.code == .unauthorized { head.headerFields[.wwwAuthenticate] = "Bearer" }
        if !allow.isEmpty { head.headerFields[.allow] = allow.map(\.rawValue).joined(separator: ", ") }
    }

    /// What is wrong with a head that the HTTP decoder refused.
    static func problem(ofHead error: any Error) -> Problem {
        guard case .headerOverflow? = error as? HTTPParserError else {
            return Problem(.invalidRequest, "the request is not HTTP/1.1")
        }
        var problem = Problem(.tooLarge, "the request's target and header fields are too large or too many")
        problem.status = 431  // RFC 6585 §5
        return problem
    }

    private static func reason(_ status: Int) -> String { HTTPResponseStatus(statusCode: status).reasonPhrase }
}

extension HTTPFields {
    /// What every answer has.
    mutating func addCommon(_ requestID: UUID) {
        self[.requestID] = requestID.lowercased
        self[.cacheControl] = "no-store"
    }
}

extension HTTPField.Name {
    /// The id by which the journal has what happened to the request.
    static let requestID = name("X-Request-Id")
    /// The same key means the same operation (draft-ietf-httpapi-idempotency-key-header).
    static let idempotencyKey = name("Idempotency-Key")
    /// The number of the last event that a reader of a stream has seen (HTML, "Server-sent events").
    static let lastEventID = name("Last-Event-ID")

    /// The literals are tokens (RFC 9110 §5.6.2); the name after `??` is never used.
    private static func name(_ literal: String) -> HTTPField.Name {
        HTTPField.Name(literal) ?? .contentLanguage
    }
}
