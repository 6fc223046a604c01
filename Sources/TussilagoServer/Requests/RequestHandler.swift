import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import TussilagoAPI
import TussilagoCore

/// Answers requests: finds the endpoint, decides whether the caller may use it, reads the request, asks the domain.
struct RequestHandler: Sendable {
    private let responder: RouterResponder<CallContext>
    private let limits: APILimits
    private let logger: Logger

    /// Answers what the endpoints describe.
    init(_ endpoints: [Endpoint], domain: any Domain, limits: APILimits, logger: Logger) {
        let router = Router(context: CallContext.self)
        router.add(middleware: AnswerMiddleware())
        let bodies = BodyBudget(bytesPerUser: limits.bodiesPerUser)
        for endpoint in endpoints {
            router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
                guard let role = context.role, role >= endpoint.role else { throw Problem.forbidden }
                let call = try await Call(
                    request, context, endpoint, domain: domain, limits: limits, bodies: bodies)
                return try await endpoint.perform(call)
            }
        }
        responder = router.buildResponder()
        self.limits = limits
        self.logger = logger
    }

    /// Answers one request.
    func answer(
        _ request: Request, from peer: Peer, _ role: Role?, _ channel: any Channel, _ writer: consuming ResponseWriter
    ) async throws {
        let requestID = UUID()
        var logger = logger
        logger[metadataKey: "request"] = "\(requestID.lowercased)"
        let source = CallContext.Source(peer: peer, role: role, requestID: requestID, channel: channel, logger: logger)
        if expectsContinue(request) { try await writer.writeInformationalHead(HTTPResponse(status: .continue)) }
        let response = try await responder.respond(to: request, context: CallContext(source: source))
        logger.debug(
            "answered",
            metadata: [
                "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)",
            ])
        // The answer to HEAD has no body, whatever its head says of one (RFC 9110 §9.3.2).
        let body = request.method == .head ? ResponseBody() : response.body
        try await writer.write(response: response.head, body: body)
    }

    /// Whether the client waits before it sends a body that would be read (RFC 9110 §10.1.1).
    private func expectsContinue(_ request: Request) -> Bool {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return false }
        return request.headers[.contentLength].flatMap { Int($0) } ?? 0 <= limits.body
    }
}
