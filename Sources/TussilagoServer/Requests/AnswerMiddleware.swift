import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import TussilagoAPI
import TussilagoCore

/// Gives every request an answer, whatever was thrown: refuses strangers, turns errors into problems, adds the id.
struct AnswerMiddleware: RouterMiddleware {
    typealias Context = CallContext

    let refusals: Refusals

    func handle(
        _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            if case .failure(let problem) = context.standing {
                if Refusals.concerns(problem) {
                    await refusals.record(problem, "host.connect", subject: "the host", tenant: nil, of: context)
                }
                throw problem
            }
            response = try await next(request, context)
            response.headers.addCommon(context.requestID)
        } catch {
            response = answer(error, request, context)
        }
        if Self.endsConnection(request) { response.headers[.connection] = "close" }
        return response
    }

    private func answer(_ error: any Error, _ request: Request, _ context: CallContext) -> Response {
        var allow: [HTTPRequest.Method] = []
        let problem: Problem
        switch error {
        case let error as Problem: problem = error
        case let error as HTTPError where error.status == .notFound:
            allow = Endpoints.all.filter { $0.matches(request.uri.path) }.map(\.method)
            problem =
                allow.isEmpty
                ? Problem(
                    .notFound, "there is nothing at this path", remedy: "\(Paths.openAPI) describes what there is")
                : Problem(.methodNotAllowed, "this method does nothing here")
        case is RequestTimedOut: problem = Problem(.timedOut, "the request's body did not come in time")
        case is HTTPParserError: problem = Problem(.invalidRequest, "the request's body is not HTTP/1.1")
        default:
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            problem = Problem(
                .inner, "the journal has the reason",
                remedy: "journalctl -u tussilagod TUSSILAGO_REQUEST=\(context.requestID.lowercased)")
        }
        return Response(ProblemAnswer(problem, requestID: context.requestID, allow: allow))
    }

    /// Whether nothing can follow on this connection.
    private static func endsConnection(_ request: Request) -> Bool {
        // After these NIO's decoder takes what follows for another protocol.
        if request.method == .connect || request.headers[.upgrade] != nil { return true }
        let options = request.headers[.connection]?.lowercased().split(separator: ",") ?? []
        return options.contains { $0.filter { $0 != " " } == "close" }
    }
}
