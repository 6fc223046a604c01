import FoundationEssentials
import HTTPTypes
import NIOCore
import TussilagoAPI
import TussilagoCore

/// The OpenAPI 3.1 document, made of the same table as the router.
enum OpenAPIDocument {
    /// The document as JSON, made once.
    static let bytes: ByteBuffer = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        // Strings, numbers and objects of them always encode.
        return ByteBuffer(bytes: (try? encoder.encode(document(Endpoints.all))) ?? Data("{}".utf8))
    }()

    /// Describes endpoints.
    static func document(_ endpoints: [Endpoint]) -> JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Tussilago", "version": .string(Version.current),
                "description":
                    "The API of tussilagod, on its Unix socket. Who asks is the kernel's word, or a token's.",
            ],
            "servers": [["url": "http://localhost", "description": .string("curl --unix-socket \(Paths.socket)")]],
            "paths": paths(endpoints),
            "components": [
                "schemas": .object(Schemas.all), "responses": .object(problems), "headers": .object(headers),
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
            ],
        ]
    }

    private static func paths(_ endpoints: [Endpoint]) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for endpoint in endpoints {
            paths[endpoint.path, default: [:]][endpoint.method.rawValue.lowercased()] = operation(endpoint)
        }
        return .object(paths.mapValues { .object($0) })
    }

    private static func operation(_ endpoint: Endpoint) -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .string(endpoint.id), "summary": .string(endpoint.summary), "tags": [.string(tag(endpoint))],
            "description": .string(who(endpoint)),
            "parameters": .array(endpoint.parameters.map(parameter)), "responses": responses(endpoint),
        ]
        if let body = endpoint.body {
            operation["requestBody"] = [
                "required": true, "content": content(endpoint.bodyType.rawValue, Schemas.ref(body)),
            ]
        }
        return .object(operation)
    }

    private static func who(_ endpoint: Endpoint) -> String {
        guard let rule = endpoint.access.rule else { return "For nobody." }
        let tenant = rule.tenant.map { "; in a tenant for its \($0.rawValue)s and above" } ?? ""
        return "For \(rule.host.rawValue)s of the host and above\(tenant)\(rule.byToken ? "" : "; with no token")."
    }

    private static func tag(_ endpoint: Endpoint) -> String {
        let parts = endpoint.path.split(separator: "/").filter { $0.first != "{" }
        let tags = [
            "grants", "tokens", "audit", "quotas", "quota", "secrets", "sources", "runtimes", "releases", "apps",
            "tenants", "operations",
        ]
        return tags.first { parts.contains(Substring($0)) } ?? "host"
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "description": .string(parameter.summary), "required": .bool(parameter.place == .path),
            "schema": parameter.schema,
        ]
    }

    private static func content(_ type: String, _ schema: JSONValue) -> JSONValue { [type: ["schema": schema]] }

    // MARK: Answers

    private static func responses(_ endpoint: Endpoint) -> JSONValue {
        var responses: [String: JSONValue] = [:]
        let id: JSONValue = ["X-Request-Id": ["$ref": "#/components/headers/RequestId"]]
        switch endpoint.answer {
        case .resource(let schema):
            responses["200"] = [
                "description": "What was asked for.", "headers": id,
                "content": content("application/json", Schemas.ref(schema)),
            ]
        case .document:
            responses["200"] = [
                "description": "This document.", "headers": id,
                "content": content("application/json", ["type": "object"]),
            ]
        case .events:
            responses["200"] = [
                "description": "A stream of events. The schema is that of each.", "headers": id,
                "content": content(EventStream.mediaType, Schemas.ref("StreamedEvent")),
            ]
        case .archive:
            responses["200"] = [
                "description": "A tar archive.", "headers": id,
                "content": content(ArchiveAnswer.mediaType, ["type": "string", "format": "binary"]),
            ]
        case .operation:
            responses["202"] = [
                "description": "The operation was accepted and survives a crash.",
                "headers": [
                    "X-Request-Id": ["$ref": "#/components/headers/RequestId"],
                    "Location": ["$ref": "#/components/headers/Location"],
                ],
                "content": content("application/json", Schemas.ref("Operation")), "links": links(endpoint),
            ]
        }
        for status in statuses(endpoint) {
            responses[String(status)] = ["$ref": .string("#/components/responses/\(status)")]
        }
        return .object(responses)
    }

    /// Where one can go from an accepted operation: to itself, and to what a creation has created.
    private static func links(_ endpoint: Endpoint) -> JSONValue {
        let created: Set<String> =
            switch endpoint.body {
            case "CreateTenant"?: ["tenant"]
            case "CreateApp"?: ["tenant", "app"]
            default: []
            }
        var links: [String: JSONValue] = [:]
        for target in Endpoints.all {
            let names = target.parameters.filter { $0.place == .path }.map(\.name)
            guard !names.isEmpty, names == ["id"] || Set(names) == created else { continue }
            let parameters = names.map { ($0, JSONValue.string("$response.body#/\($0)")) }
            links[target.id] = [
                "operationId": .string(target.id),
                "parameters": .object(Dictionary(uniqueKeysWithValues: parameters)),
            ]
        }
        return .object(links)
    }

    /// The problems that an endpoint may answer with: those of its own kind, and those that any request may meet.
    private static func statuses(_ endpoint: Endpoint) -> [Int] {
        var statuses = [400, 401, 403, 404, 429, 431, 500, 503]
        // A manifest with mistakes, a key of another request, a cursor that no list gave out.
        let mayBeSenseless = endpoint.method != .get || endpoint.query.contains { $0.name == "cursor" }
        if mayBeSenseless { statuses.append(422) }
        if endpoint.method != .get { statuses += [409, 507] }
        if case .archive = endpoint.answer { statuses += [507] }
        if endpoint.body != nil { statuses += [408, 413, 415] }
        return statuses
    }

    /// What the agent answers with; the rest is the command's.
    static let answered = Problem.Code.allCases.filter { $0 != .operationFailed }

    private static let problems: [String: JSONValue] = {
        let codes = Dictionary(grouping: answered, by: \.status)
        var problems = codes.mapValues { codes in codes.map { "\($0.title) (`\($0.rawValue)`)." }.joined(separator: " ")
        }
        problems[431] = "The head of the request is too large (`too-large`)."
        return Dictionary(
            uniqueKeysWithValues: problems.map { status, text in
                let answer: JSONValue = [
                    "description": .string(text), "content": content(Problem.mediaType, Schemas.ref("Problem")),
                    "headers": ["X-Request-Id": ["$ref": "#/components/headers/RequestId"]],
                ]
                return (String(status), answer)
            })
    }()

    private static let headers: [String: JSONValue] = [
        "RequestId": [
            "description": "By this the journal has what happened.", "required": true, "schema": Schemas.uuid,
        ],
        "Location": [
            "description": "The operation.", "required": true, "schema": ["type": "string", "format": "uri-reference"],
        ],
    ]
}
