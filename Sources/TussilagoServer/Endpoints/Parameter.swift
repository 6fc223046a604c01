import HTTPTypes
import TussilagoAPI
import TussilagoCore

/// A parameter of an endpoint, as the OpenAPI document describes it.
struct Parameter: Sendable {
    /// Where it stands.
    enum Place: String, Sendable { case path, query, header }

    let name: String
    let place: Place
    let summary: String
    let schema: JSONValue

    /// Parameters of lists.
    static let page = [
        Parameter(
            name: "limit", place: .query, summary: "How many items the page has at most.",
            schema: [
                "type": "integer", "minimum": 1, "maximum": .integer(PageQuery.maximumLimit),
                "default": .integer(PageQuery.defaultLimit),
            ]),
        Parameter(
            name: "cursor", place: .query, summary: "Where to go on: `next` of the page before.",
            schema: ["type": "string", "pattern": .string("^\(cursorText)$")]),
    ]

    /// Parameters that choose operations.
    static let operations =
        page + [
            Parameter(
                name: "tenant", place: .query, summary: "Only those about this tenant.", schema: Schemas.tenantName),
            Parameter(
                name: "app", place: .query, summary: "Only those about apps of this name.", schema: Schemas.appName),
            Parameter(
                name: "state", place: .query, summary: "Only those in this state.",
                schema: Schemas.ref("OperationState")),
        ]

    /// Whether a write waits for its turn.
    static let wait = Parameter(
        name: "wait", place: .query,
        summary: "Whether to wait behind an operation about the same, instead of being refused with its id.",
        schema: ["type": "boolean", "default": false])

    /// Whether an app goes with all that it had.
    static let purge = Parameter(
        name: "purge", place: .query,
        summary: "Whether its databases are removed at once; else they are kept for seven days.",
        schema: ["type": "boolean", "default": false])

    /// The file with a backup's key for secrets.
    static let secretsKey = Parameter(
        name: "secrets_key", place: .query,
        summary:
            "An absolute path on the host: the key to encrypt the values of secrets with. Without it, they are not in it.",
        schema: [
            "type": "string", "pattern": "^/[^\\u0000-\\u001f\\u007f]*$",
            "maxLength": .integer(DeployRequest.longestPath),
        ])

    /// Where an event stream goes on.
    static let after = Parameter(
        name: "after", place: .query, summary: "The number of the last event that was seen.", schema: sequence)
    /// The same, as browsers send it; it counts before `after`.
    static let lastEventID = Parameter(
        name: "Last-Event-ID", place: .header, summary: "The number of the last event that was seen.", schema: sequence)
    /// The key of a write.
    static let idempotencyKey = Parameter(
        name: "Idempotency-Key", place: .header,
        summary: "The same key with the same request gives the same operation, however often it is sent.",
        schema: ["type": "string", "pattern": "^[!-~]{1,255}$"])

    /// Parameters in a path's braces.
    static func path(_ name: Substring) -> Parameter? {
        switch name {
        case "tenant":
            Parameter(name: "tenant", place: .path, summary: "The tenant.", schema: Schemas.tenantName)
        case "app":
            Parameter(name: "app", place: .path, summary: "The app within its tenant.", schema: Schemas.appName)
        case "secret":
            Parameter(name: "secret", place: .path, summary: "The secret's name.", schema: Schemas.secretName)
        case "source":
            Parameter(
                name: "source", place: .path, summary: "The archive's SHA-256, in hexadecimal digits.",
                schema: ["type": "string", "pattern": "^[0-9a-f]{64}$"])
        case "version":
            Parameter(
                name: "version", place: .path, summary: "A version of Python.", schema: Schemas.pythonVersion)
        case "hostname":
            Parameter(name: "hostname", place: .path, summary: "The hostname.", schema: Schemas.hostname)
        case "number":
            Parameter(name: "number", place: .path, summary: "The release's number.", schema: Schemas.releaseNumber)
        case "id":
            Parameter(name: "id", place: .path, summary: "The operation's id.", schema: Schemas.uuid)
        case "grantee":
            Parameter(
                name: "grantee", place: .path, summary: "Who has the grant: user:NAME or group:NAME.",
                schema: Schemas.grantee)
        case "token":
            Parameter(name: "token", place: .path, summary: "The token's name.", schema: Schemas.tokenName)
        default: nil
        }
    }

    /// Cursors are names, numbers and ids of what stood last on the page before.
    static let cursorText = "[A-Za-z0-9._/-]{1,200}"

    /// Whether a text can be a cursor.
    static func isCursor(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let scalar = Unicode.Scalar(byte)
                return scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
                    || "._/-".unicodeScalars.contains(scalar)
            }
    }

    /// No operation has more events than this.
    static let lastSequence = 1_000_000_000
    private static let sequence: JSONValue = ["type": "integer", "minimum": 0, "maximum": .integer(lastSequence)]
}
