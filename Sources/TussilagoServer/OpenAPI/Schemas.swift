import TussilagoAPI
import TussilagoCore

/// The schemas of everything that crosses the socket (JSON Schema 2020-12, as OpenAPI 3.1 uses it).
enum Schemas {
    /// All of them by name.
    static let all: [String: JSONValue] =
        resources.merging(requests) { $1 }.merging(pages) { $1 }.merging(values) { $1 }

    /// Refers to a schema by name.
    static func ref(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    // MARK: Values

    static let tenantName = name(TenantName.self)
    static let appName = name(AppName.self)
    /// A name as people write it: in any case, with a dot at the end or without. An address is none.
    static let hostname: JSONValue = [
        "type": "string", "minLength": 3, "maxLength": 253,
        "pattern": .string(#"^(\#(label)\.)+(?![0-9]+\.?$)\#(label)\.?$"#),
    ]
    private static let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    static let secretName: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": .integer(SecretName.maximumLength),
        "pattern": .string("^[A-Za-z_][A-Za-z0-9_]{0,\(SecretName.maximumLength - 1)}$"),
    ]
    static let tokenName = name(TokenName.self)
    static let pythonVersion: JSONValue = ["type": "string", "pattern": "^3\\.(9|[1-9][0-9])(\\.[0-9]{1,3})?$"]
    private static let digest: JSONValue = ["type": "string", "pattern": "^sha256:[0-9a-f]{64}$"]
    private static let image = bounded(
        255, "^(localhost|[A-Za-z0-9][A-Za-z0-9_@-]*[.:][A-Za-z0-9._:@-]*)(/[A-Za-z0-9][A-Za-z0-9._:@-]*)+$")
    static let grantee: JSONValue = ["type": "string", "pattern": "^(user|group):[A-Za-z_][A-Za-z0-9._-]{0,31}$"]
    static let uuid: JSONValue = ["type": "string", "format": "uuid"]
    static let releaseNumber: JSONValue = ["type": "integer", "minimum": 1, "maximum": 999_999_999]
    private static let time: JSONValue = ["type": "string", "format": "date-time"]
    private static let text: JSONValue = ["type": "string"]
    private static let flag: JSONValue = ["type": "boolean"]
    private static let texts: JSONValue = list(text)
    private static let count: JSONValue = ["type": "integer", "minimum": 0]

    private static let values: [String: JSONValue] = [
        "OperationState": choice(Operation.State.self),
        "OperationKind": choice(Operation.Kind.self),
        "EventKind": choice(OperationEvent.Kind.self),
        "ReleaseState": choice(ReleaseState.self),
        "EgressGrant": choice(EgressGrant.self),
        "DomainState": choice(DomainResource.State.self),
        "ProblemCode": choice(OpenAPIDocument.answered),
        "Role": choice(Role.self),
        "AuditOutcome": choice(AuditEntry.Outcome.self),
    ]

    // MARK: Requests

    private static let requests: [String: JSONValue] = [
        "CreateTenant": object(["name": tenantName], closed: true),
        "Egress": object(["egress": ref("EgressGrant")], closed: true),
        // What is loosened needs a reason.
        "Policy": [
            "type": "object", "properties": .object(policy), "additionalProperties": false,
            "anyOf": [["required": ["reason"]], ["maxProperties": 0]],
        ],
        "AddDomain": object(["hostname": hostname], optional: ["vouch": flag], closed: true),
        "CreateApp": object(["name": appName], closed: true),
        "Deploy": object(
            ["manifest": bounded(DeployRequest.longestManifest, nil)],
            optional: [
                "image": image, "source": digest,
                "files": bounded(DeployRequest.longestPath, "^/[^\\u0000-\\u001f\\u007f]*$"),
                "note": bounded(DeployRequest.longestNote, "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"),
            ], closed: true),
        "SourceArchive": ["type": "string", "format": "binary", "minLength": 1],
        "NewRuntime": object([:], optional: ["image": image, "default": flag], closed: true),
        "Scale": object(
            [
                "processes": [
                    "type": "object", "minProperties": 1, "propertyNames": name(ProcessName.self),
                    "additionalProperties": [
                        "type": "integer", "minimum": .integer(Manifest.counts.lowerBound),
                        "maximum": .integer(Manifest.counts.upperBound),
                    ],
                ]
            ], closed: true),
        "SecretValue": [
            "type": "string", "format": "binary", "minLength": .integer(Secret.sizes.lowerBound),
            "maxLength": .integer(Secret.sizes.upperBound),
        ],
        "Restore": object(
            ["file": bounded(DeployRequest.longestPath, "^/[^\\u0000-\\u001f\\u007f]*$")],
            optional: ["secrets_key": bounded(DeployRequest.longestPath, "^/[^\\u0000-\\u001f\\u007f]*$")], closed: true
        ),
        "NewGrant": object(["grantee": grantee, "role": ref("Role")], closed: true),
        "NewToken": object(
            [
                "name": tokenName, "role": ref("Role"),
                "expires_in": [
                    "type": "integer", "minimum": .integer(Token.lifetimes.lowerBound),
                    "maximum": .integer(Token.lifetimes.upperBound),
                ],
            ], closed: true),
        "NewQuota": object(
            [:],
            optional: amounts { kind in
                [
                    "type": "integer", "minimum": .integer(Int(kind.range.lowerBound)),
                    "maximum": .integer(Int(kind.range.upperBound)),
                ]
            }, closed: true),
        "Rollback": object([:], optional: ["release": releaseNumber], closed: true),
    ]

    // MARK: Resources

    private static let resources: [String: JSONValue] = [
        "Source": object(["digest": digest, "size": count]),
        "Runtime": object(["version": text, "image": digest, "default": flag]),
        "Tenant": object(
            ["id": uuid, "name": tenantName, "created_at": time, "apps": count, "egress": ref("EgressGrant")],
            optional: ["policy": object([:], optional: policy)]),
        "Domain": object(
            [
                "hostname": text, "state": ref("DomainState"), "record_name": text, "record_text": text,
                "created_at": time,
            ], optional: ["proved_at": time, "voucher": text]),
        "App": object(
            ["id": uuid, "tenant": tenantName, "name": appName, "created_at": time, "hostnames": texts],
            optional: ["release": releaseNumber]),
        "AppStatus": object(
            [
                "app": ref("App"), "target": text, "instances": list(ref("Instance")),
                "jobs": list(ref("Job")),
                "state": [
                    "type": "string", "enum": ["running", "starting", "degraded", "stopped", "failed", "empty"],
                ],
            ], optional: ["operation": ref("Operation")]),
        "Instance": object(
            ["process": name(ProcessName.self), "release": releaseNumber, "unit": text, "active": text, "sub": text]),
        "Job": object(
            [
                "process": name(ProcessName.self), "release": releaseNumber, "schedule": text, "timer": text,
                "active": text, "unit": text, "running": flag,
            ], optional: ["next": time, "last": ref("Run")]),
        "Run": object(["started_at": time, "status": count], optional: ["ended_at": time, "result": text]),
        "Release": object(
            [
                "id": uuid, "number": releaseNumber, "state": ref("ReleaseState"), "created_at": time,
                "operation": uuid,
                "image": text, "image_digest": text, "hostnames": texts, "processes": texts, "secrets": texts,
                "differences": texts,
            ], optional: ["tree": text, "source": digest, "caller": text, "reason": text]),
        "Grant": object(
            ["grantee": grantee, "role": ref("Role"), "by": text, "at": time, "live": flag],
            optional: ["tenant": tenantName]),
        "Token": object(token, optional: ["tenant": tenantName]),
        "IssuedToken": object(["token": ref("Token"), "secret": text]),
        "Quota": object(["tenant": tenantName, "limits": ref("Amounts"), "used": ref("Amounts")]),
        "Amounts": object([:], optional: amounts { _ in count }),
        "AuditRecord": object(
            [
                "chain": uuid, "sequence": count, "at": time, "time": count, "caller": text, "verb": text,
                "subject": text, "outcome": ref("AuditOutcome"), "request": uuid, "previous": text, "hash": text,
            ], optional: ["tenant": text, "operation": uuid, "detail": text]),
        "AuditReport": object(["chains": list(ref("AuditChain"))]),
        "AuditChain": object(
            [
                "id": uuid, "begun_at": time, "reason": text, "dropped": count, "records": count, "head": text,
            ], optional: ["broken_record": count, "what": text]),
        "Finding": object(["subject": text, "what": text, "action": choice(Finding.Action.self)]),
        "Waste": object(["items": texts]),
        "Secret": object(
            ["name": secretName], optional: ["version": count, "created_at": time, "used_version": count]),
        "Service": object(
            [
                "name": text, "type": choice(ServiceType.self), "tier": choice(ServiceTier.self), "secret": secretName,
                "created_at": time, "used": flag,
            ], optional: ["size": count, "connections": count]),
        "Route": object(["hostname": text, "app": text]),
        "Plan": object(["steps": texts, "changes": list(ref("Change"))]),
        "Change": object(
            ["subject": text, "reason": text, "lines": list(ref("LineReason"))],
            optional: ["before": text, "after": text]),
        "LineReason": object(["key": text, "reason": text]),
        "Operation": object(
            [
                "id": uuid, "kind": ref("OperationKind"), "state": ref("OperationState"),
                "attempt": count, "caller": text, "request_id": uuid, "accepted_at": time, "cancel_requested": flag,
            ],
            optional: [
                "tenant": tenantName, "app": appName, "ended_at": time, "release": releaseNumber,
                "failure": ref("Failure"),
            ]),
        "StreamedEvent": object(
            [
                "id": text, "event": text,
                "data": ["type": "string", "contentMediaType": "application/json", "contentSchema": ref("Event")],
            ]),
        "Event": object(
            ["sequence": count, "at": time, "kind": ref("EventKind"), "text": text],
            optional: ["step": count, "steps": count]),
        "Failure": object(["code": text, "message": text, "log": texts], optional: ["remedy": text]),
        "Status": object(
            ["version": text, "tenants": count, "apps": count, "open_operations": count, "parts": list(ref("Part"))]),
        "Part": object(["name": text, "ok": flag, "detail": text]),
        "Problem": object(
            [
                "type": ["type": "string", "format": "uri"], "title": text, "detail": text, "code": ref("ProblemCode"),
                "status": ["type": "integer", "minimum": 400, "maximum": 599],
            ],
            optional: [
                "field": text, "remedy": text, "request_id": uuid, "operation": uuid, "mistakes": list(ref("Mistake")),
                "retry_after": count,
            ]),
        "Mistake": object(["line": count, "column": count, "key": text, "message": text]),
    ]

    private static let pages: [String: JSONValue] = Dictionary(
        uniqueKeysWithValues: [
            "Tenant", "Domain", "App", "Release", "Route", "Runtime", "Secret", "Service", "Operation", "Finding",
            "Grant",
            "Token",
            "Quota",
            "AuditRecord",
        ].map { item in
            ("\(item)Page", object(["items": list(ref(item))], optional: ["next": text]))
        })

    private static let token: [String: JSONValue] = [
        "id": uuid, "name": tokenName, "role": ref("Role"), "by": text, "at": time, "expires_at": time,
        "expired": flag,
    ]

    // MARK: Shapes

    private static func amounts(_ schema: (Quota.Kind) -> JSONValue) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: Quota.Kind.allCases.map { ($0.rawValue, schema($0)) })
    }

    /// A name is a DNS label that begins with a letter.
    private static func name<Kind: Name>(_ kind: Kind.Type) -> JSONValue {
        [
            "type": "string", "minLength": 1, "maxLength": .integer(kind.maximumLength),
            "pattern": .string("^[a-z]([a-z0-9-]{0,\(kind.maximumLength - 2)}[a-z0-9])?$"),
        ]
    }

    private static func bounded(_ limit: Int, _ pattern: String?) -> JSONValue {
        var schema: [String: JSONValue] = ["type": "string", "maxLength": .integer(limit)]
        schema["pattern"] = pattern.map { .string($0) }
        return .object(schema)
    }

    /// What is loosened, with the reason, which everything that is loosened needs.
    private static let policy: [String: JSONValue] = {
        var policy: [String: JSONValue] = [
            "reason": [
                "type": "string", "minLength": 1, "maxLength": .integer(Loosening.longestReason),
                "pattern": .string(Loosening.reasonPattern),
            ]
        ]
        for kind in SandboxLimits.Kind.allCases {
            policy[kind.rawValue] = [
                "type": "integer", "minimum": .integer(Int(kind.looser.lowerBound)),
                "maximum": .integer(Int(kind.looser.upperBound)),
            ]
        }
        return policy
    }()

    private static func choice<Value: RawRepresentable<String> & CaseIterable>(_ type: Value.Type) -> JSONValue {
        choice(Array(type.allCases))
    }

    private static func choice(_ values: [some RawRepresentable<String>]) -> JSONValue {
        ["type": "string", "enum": .array(values.map { .string($0.rawValue) })]
    }

    private static func list(_ item: JSONValue) -> JSONValue { ["type": "array", "items": item] }

    /// An object; `closed` ones may have no other members: what is read is closed, what is written may grow.
    private static func object(
        _ required: [String: JSONValue], optional: [String: JSONValue] = [:], closed: Bool = false
    ) -> JSONValue {
        var schema: [String: JSONValue] = [
            "type": "object", "properties": .object(required.merging(optional) { $1 }),
            "required": .array(required.keys.sorted().map { .string($0) }),
        ]
        if closed { schema["additionalProperties"] = false }
        return .object(schema)
    }
}
