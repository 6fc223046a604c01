import FoundationEssentials
import HTTPTypes
import Testing
import TussilagoAPI
import TussilagoCore

@testable import TussilagoServer

@Suite("Problems")
struct ProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let request: String
        let headers: [String]
        let body: String?
        let code: Problem.Code
        let field: String?
        var testDescription: String { "\(request) \(headers) \((body ?? "").prefix(60))" }

        init(
            _ request: String, _ headers: [String] = [], body: String? = nil, is code: Problem.Code = .invalidRequest,
            field: String? = nil
        ) {
            self.request = request
            self.headers = headers
            self.body = body
            self.code = code
            self.field = field
        }
    }

    private static let create = "POST /v1/tenants"
    private static let deploy = "POST /v1/tenants/acme/apps/shop/releases"
    private static let policy = "POST /v1/tenants/acme/policy"
    private static let releases = "GET /v1/tenants/acme/apps/shop/releases"

    static let cases: [Case] = [
        // Paths and methods.
        Case("GET /v2/status", is: .notFound),
        Case("GET /v1/tenants/none", is: .notFound),
        Case("PUT /v1/tenants", is: .methodNotAllowed),
        Case("PURGE /v1/tenants", is: .methodNotAllowed),
        Case("GET /v1/tenants/ACME", field: "tenant"),
        Case("GET /v1/tenants/a%2Fb", field: "tenant"),
        Case("GET /v1/tenants/a%2", field: "tenant"),
        Case("GET /v1/tenants/%FF", field: "tenant"),
        Case("\(releases)/0", field: "number"),
        Case("\(releases)/99999999999999999999", field: "number"),
        Case("GET /v1/operations/7", field: "id"),
        // Queries.
        Case("GET /v1/tenants?page=1", field: "page"),
        Case("GET /v1/tenants?limit=1&limit=2", field: "limit"),
        Case("GET /v1/tenants?limit=0", field: "limit"),
        Case("GET /v1/tenants?limit=101", field: "limit"),
        Case("GET /v1/tenants?limit=%2B1", field: "limit"),
        Case("GET /v1/tenants?limit", field: "limit"),
        Case("GET /v1/tenants?cursor=a+b", field: "cursor"),
        Case("GET /v1/tenants?cursor=%"),
        Case("GET /v1/operations?state=done", field: "state"),
        Case("GET /v1/operations/{known}/events?after=-1", field: "after"),
        Case("GET /v1/operations/{known}/events", ["Last-Event-ID: x"], field: "Last-Event-ID"),
        // Bodies that are not read, or not there.
        Case(create),
        Case("POST /v1/tenants/acme/apps/shop/stop", body: "{}"),
        Case("GET /v1/tenants", body: "{}"),
        Case(create, ["Content-Type: text/plain"], body: "{}", is: .unsupportedMediaType),
        Case(create, ["Content-Type: application/json; charset=utf-16"], body: "{}", is: .unsupportedMediaType),
        Case(create, body: String(repeating: " ", count: 1 << 20) + "{}", is: .tooLarge),
        // Bodies that are not what they should be.
        Case(create, body: "{name}"),
        Case(create, body: "[]"),
        Case(create, body: "{}", field: "name"),
        Case(create, body: #"{"name":7}"#, field: "name"),
        Case(create, body: #"{"name":"a_b"}"#, field: "name"),
        Case(create, body: #"{"name":"a","nmae":"b"}"#, field: "nmae"),
        Case(create, body: #"{"name":"a","\u006eame":"b"}"#),
        Case(create, body: #"{"name":"# + String(repeating: "[", count: 100_000)),
        Case(policy, body: #"{"stop":10,"reason":"as strict as strict"}"#, field: "stop"),
        Case(policy, body: #"{"stop":91,"reason":"more than there can be"}"#, field: "stop"),
        Case(policy, body: #"{"stop":30}"#, field: "reason"),
        Case(policy, body: #"{"stop":30,"reason":"a\b"}"#, field: "reason"),
        Case(policy, body: #"{"stop":30,"reason":"a User=0"}"#, field: "reason"),
        Case(deploy, body: #"{"manifest":"","image":null}"#, field: "image"),
        Case(deploy, body: #"{"manifest":"","image":"python"}"#, field: "image"),
        Case(deploy, body: #"{"manifest":"","files":"src"}"#, field: "files"),
        Case(deploy, body: #"{"manifest":"","files":"/a\nb"}"#, field: "files"),
        Case(deploy, body: #"{"manifest":""# + String(repeating: "x", count: 65_537) + #""}"#, field: "manifest"),
    ]

    @Test("A wrong request gets its problem, which names the field", arguments: cases)
    func wrongRequest(_ wrong: Case) async throws {
        try await TestServer.run { server in
            try await server.fill()
            let words = wrong.request.split(separator: " ").map(String.init)
            // What is not there is told first: of what it would take nothing is read.
            let known = try await server.domain.operations(OperationQuery()).items.first?.id.lowercased ?? ""
            let path = words[1].replacing("{known}", with: known)
            let answer = try await server.ask(words[0], path, wrong.headers, body: wrong.body)
            #expect(answer.status == wrong.code.status)
            #expect(answer.headers["content-type"] == "application/problem+json")
            let problem = try answer.problem
            #expect(problem.status == answer.status)
            #expect(problem.code == wrong.code)
            #expect(problem.field == wrong.field, "\(problem)")
            let id = try #require(answer.headers["x-request-id"])
            #expect(problem.requestId?.lowercased == id && answer.body.contains(#""request_id":"\#(id)""#))
            #expect(problem.operation == nil && !answer.body.contains(#""operation""#))
        }
    }

    @Test("The documentation has every code with its status", arguments: Problem.Code.allCases)
    func documentation(_ code: Problem.Code) throws {
        let top = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let text = try String(contentsOfFile: "\(top)/docs/api.md", encoding: .utf8)
        #expect(text.contains("\n| `\(code.rawValue)` | \(code.status) |"))
    }

    @Test("The answer to a wrong method says which methods there are")
    func allow() async throws {
        try await TestServer.run { server in
            let tenants = try await server.ask("PUT", "/v1/tenants")
            #expect(tenants.headers["allow"] == "GET, POST")
            let tenant = try await server.ask("POST", "/v1/tenants/ACME")
            #expect(tenant.headers["allow"] == "GET, DELETE")
        }
    }

    @Test("A body without announced length is read no further than the limit")
    func chunkedBody() async throws {
        try await TestServer.run { server in
            let answer = try await server.client { client in
                try client.sendHead(
                    "POST /v1/tenants HTTP/1.1", "Host: h", "Content-Type: application/json",
                    "Transfer-Encoding: chunked")
                let chunk = "10000\r\n" + String(repeating: " ", count: 65_536) + "\r\n"
                for _ in 0..<1_000 { guard try client.send(chunk) else { break } }
                return try client.answer()
            }
            #expect(answer.status == 413)
            #expect(try await server.ask("GET", "/v1/status").status == 200)
        }
    }

    @Test("An error that nobody foresaw is logged under the request's id, and the caller sees nothing of it")
    func unforeseen() async throws {
        struct Secret: Error { let text = "a canary" }
        let broken = Endpoint.get("/v1/status", "broken", Access(.view, .host), "Breaks.", answer: .resource("Status"))
        { _ in throw Secret()
        }
        try await TestServer.run(endpoints: [broken]) { server in
            let answer = try await server.ask("GET", "/v1/status")
            #expect(answer.status == 500)
            #expect(try answer.problem.code == .inner)
            #expect(!answer.body.contains("canary"))
            let id = try #require(answer.headers["x-request-id"])
            #expect(server.log.all.contains { $0.contains("canary") && $0.contains(id) })
        }
    }
}
