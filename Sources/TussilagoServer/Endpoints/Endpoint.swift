import HTTPTypes
import Hummingbird
import TussilagoAPI

/// One thing that the API can do.
///
/// The router, the authorization and the OpenAPI document are all made of these, so that nothing can be asked for that
/// is not described, and nothing is allowed that does not say to whom.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    /// The path, with its parameters in braces: `/v1/tenants/{tenant}`.
    let path: String
    /// Its name in the OpenAPI document, by which generated clients call it.
    let id: String
    let summary: String
    /// What it does to what: by this it is decided who may.
    let access: Access
    let query: [Parameter]
    let headers: [Parameter]
    /// The schema of the body that it reads; nil when it reads none.
    let body: String?
    /// What kind of body it reads.
    var bodyType = BodyType.json
    let answer: Answer
    let perform: @Sendable (Call) async throws -> Response

    /// The kinds of bodies.
    enum BodyType: String, Sendable {
        case json = "application/json"
        /// A secret's value, as it is: it never becomes a text, or part of anything that is printed.
        case secret = "application/octet-stream"
        /// The archive of a source: it is taken in piece by piece, and never held.
        case source = "application/x-tar"
    }

    /// What is answered when all went well.
    enum Answer: Sendable {
        /// 200 with a resource of this schema.
        case resource(String)
        /// 202 with the operation, and its address.
        case operation
        /// 200 with a stream of events.
        case events
        /// 200 with the OpenAPI document.
        case document
        /// 200 with a tar archive.
        case archive
    }

    /// Changes something at once.
    static func change(
        _ method: HTTPRequest.Method, _ path: String, _ id: String, _ access: Access, _ summary: String,
        body: String? = nil, answer: Answer, perform: @escaping @Sendable (Call) async throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: method, path: path, id: id, summary: summary, access: access, query: [], headers: [], body: body,
            answer: answer, perform: perform)
    }

    /// Takes an archive in.
    static func upload(
        _ path: String, _ id: String, _ access: Access, _ summary: String, body: String, answer: Answer,
        perform: @escaping @Sendable (Call) async throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: .put, path: path, id: id, summary: summary, access: access, query: [], headers: [], body: body,
            bodyType: .source, answer: answer, perform: perform)
    }

    /// Looks at something.
    static func get(
        _ path: String, _ id: String, _ access: Access, _ summary: String, query: [Parameter] = [],
        headers: [Parameter] = [], answer: Answer, perform: @escaping @Sendable (Call) async throws -> Response
    ) -> Endpoint {
        Endpoint(
            method: .get, path: path, id: id, summary: summary, access: access, query: query, headers: headers,
            body: nil,
            answer: answer, perform: perform)
    }

    /// Changes something: accepts an operation.
    static func submit(
        _ method: HTTPRequest.Method, _ path: String, _ id: String, _ access: Access, _ summary: String,
        body: String? = nil, bodyType: BodyType = .json, query: [Parameter] = [],
        submission: @escaping @Sendable (Call) throws -> Submission
    ) -> Endpoint {
        Endpoint(
            method: method, path: path, id: id, summary: summary, access: access, query: [.wait] + query,
            headers: [.idempotencyKey], body: body, bodyType: bodyType, answer: .operation
        ) { call in
            let submission = try submission(call), key = try call.key, waiting = try call.waiting
            let caller = Caller(
                name: call.principal.name, files: call.principal.files, vouches: call.principal.vouches)
            let id = call.context.requestID
            let operation = try await call.domain.submit(
                submission, by: caller, requestID: id, key: key, waiting: waiting)
            return try .json(operation, status: .accepted, headers: [.location: Paths.operation(operation.id)])
        }
    }
}

extension Endpoint {
    /// The names in the path's braces.
    var parameters: [Parameter] {
        path.split(separator: "/").compactMap { part in
            part.first == "{" ? Parameter.path(part.dropFirst().dropLast()) : nil
        } + query + headers
    }

    /// Whether a request's path is this endpoint's, whatever its parameters are.
    func matches(_ path: String) -> Bool {
        let own = self.path.split(separator: "/"), other = path.split(separator: "/")
        return own.count == other.count && zip(own, other).allSatisfy { $0.first == "{" || $0 == $1 }
    }
}

extension Problem {
    /// The caller may do nothing at all.
    static var forbidden: Problem {
        Problem(
            .forbidden, "you may do nothing here",
            remedy: "have an admin run: tussilago grant add user:NAME viewer --tenant TENANT")
    }
}
