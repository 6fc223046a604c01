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
    private let book: AccessBook
    private let limiter: RateLimiter
    private let logger: Logger

    /// Answers what the endpoints describe.
    init(
        _ endpoints: [Endpoint], domain: any Domain, authorization: Authorization, limits: APILimits, logger: Logger
    ) {
        let refusals = Refusals(domain: domain)
        let router = Router(context: CallContext.self)
        router.add(middleware: AnswerMiddleware(refusals: refusals))
        let bodies = BodyBudget(bytesPerUser: limits.bodiesPerUser)
        for endpoint in endpoints {
            router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
                let gate = Gate(endpoint: endpoint, context: context, domain: domain)
                do {
                    let pass = try await gate.pass()
                    let call = try await Call(
                        request, context, endpoint, pass, domain: domain, limits: limits, bodies: bodies)
                    return try await endpoint.perform(call)
                } catch let problem as Problem where Refusals.concerns(problem) || gate.hides(problem) {
                    await refusals.record(
                        problem, "\(endpoint.access)", subject: gate.subject, tenant: gate.tenantText, of: context)
                    throw problem
                }
            }
        }
        responder = router.buildResponder()
        self.limits = limits
        self.logger = logger
        book = AccessBook(authorization, domain: domain)
        limiter = RateLimiter(rate: limits.requestsPerSecond, burst: limits.requestBurst)
    }

    /// Who asks, if they may ask now.
    private func standing(_ peer: Peer, _ request: Request) async -> Result<Principal, Problem> {
        do throws(Problem) {
            let principal: Principal
            do throws(Problem) { principal = try await book.principal(peer, request.headers[.authorization]) } catch {
                // Whoever tries tokens out has a bucket as well.
                try limiter.take(.user(peer.user))
                throw error
            }
            try limiter.take(principal.token.map { .token($0.id) } ?? .user(peer.user))
            return principal.isStranger ? .failure(.forbidden) : .success(principal)
        } catch { return .failure(error) }
    }

    /// Answers one request.
    func answer(
        _ request: Request, from peer: Peer, _ channel: any Channel, _ writer: consuming ResponseWriter
    ) async throws {
        let requestID = UUID()
        var logger = logger
        logger[metadataKey: "request"] = "\(requestID.lowercased)"
        let source = CallContext.Source(
            peer: peer, standing: await standing(peer, request), requestID: requestID, channel: channel, logger: logger)
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
