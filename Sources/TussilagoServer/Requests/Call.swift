import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import TussilagoAPI
import TussilagoCore

/// One request, read as its endpoint describes it.
///
/// Everything that it gives is parsed and valid.
struct Call {
    let context: CallContext
    let domain: any Domain
    let query: QueryItems
    /// What its endpoint does to what.
    let access: Access
    /// Who asks, and how far they see.
    let pass: Pass
    private let request: Request
    private let body: [UInt8]
    private let value: Secret?
    /// What the body has of its user's memory, as long as the request is answered.
    private let share: BodyBudget.Share

    /// Reads a request: its query first, then its body.
    init(
        _ request: Request, _ context: CallContext, _ endpoint: Endpoint, _ pass: Pass, domain: any Domain,
        limits: APILimits, bodies: BodyBudget
    ) async throws {
        self.pass = pass
        access = endpoint.access
        self.request = request
        self.context = context
        self.domain = domain
        query = try QueryItems(request.uri.query, allowed: endpoint.query)
        share = bodies.share(of: context.peer.user)
        switch endpoint.bodyType {
        case .source:
            try Self.check(bodyOf: request, endpoint, limit: limits.source)
            body = []
            value = nil
        case .json:
            body = try await Self.body(of: request, endpoint, limit: limits.body, share)
            value = nil
        case .secret:
            body = []
            value = try await Self.secret(of: request, endpoint, limit: limits.body, share)
        }
    }

    /// Who asks.
    var principal: Principal { pass.principal }
    /// Who asks, for what is changed at once.
    var asker: Asker { Asker(name: principal.name, requestID: context.requestID) }

    // MARK: Path

    /// The tenant in the path, or all of the host where there is none.
    var realm: Realm {
        get throws(Problem) { context.parameters.get("tenant") == nil ? .host : .tenant(try tenant) }
    }

    /// Who a grant in the path is for.
    var grantee: Grantee {
        get throws(Problem) {
            let text = try parameter("grantee")
            return try Problem.ofField("grantee") { () throws(InvalidValue) in try Grantee(text) }
        }
    }

    /// The token in the path.
    var token: TokenName { get throws(Problem) { try name("token") } }

    /// The tenant in the path.
    var tenant: TenantName { get throws(Problem) { try name("tenant") } }

    /// The app in the path, with its tenant.
    var app: AppReference {
        get throws(Problem) { AppReference(tenant: try tenant, app: try name("app")) }
    }

    /// The hostname in the path.
    var hostname: Hostname {
        get throws(Problem) {
            let text = try parameter("hostname")
            return try Problem.ofField("hostname") { () throws(InvalidValue) in try Hostname(text) }
        }
    }

    /// The release's number in the path.
    var release: ReleaseNumber {
        get throws(Problem) {
            let number = try WholeNumber.parse(try parameter("number"), in: 1...999_999_999, field: "number")
            guard let release = ReleaseNumber(rawValue: number) else {
                throw Problem(.invalidRequest, "it is not a release's number", field: "number")
            }
            return release
        }
    }

    /// The secret's name in the path.
    var secretName: SecretName {
        get throws(Problem) {
            let text = try parameter("secret")
            return try Problem.ofField("secret") { () throws(InvalidValue) in try SecretName(text) }
        }
    }

    /// The digest of a source in the path: 64 hexadecimal digits.
    var source: Digest {
        get throws(Problem) {
            let text = try parameter("source")
            guard !text.contains(":") else { throw Problem(.invalidRequest, "it is 64 digits", field: "source") }
            return try Problem.ofField("source") { () throws(InvalidValue) in try Digest(text) }
        }
    }

    /// The version of Python in the path.
    var version: PythonVersion {
        get throws(Problem) {
            let text = try parameter("version")
            return try Problem.ofField("version") { () throws(InvalidValue) in try PythonVersion(text) }
        }
    }

    /// The operation's id in the path.
    var operation: UUID {
        get throws(Problem) {
            guard let id = UUID(uuidString: try parameter("id")) else {
                throw Problem(.invalidRequest, "it must be a UUID", field: "id")
            }
            return id
        }
    }

    // MARK: Query and header fields

    /// Which part of a list is asked for.
    var page: PageQuery {
        get throws(Problem) {
            let limit = try query.integer("limit", in: 1...PageQuery.maximumLimit)
            let cursor = query["cursor"]
            if let cursor, !Parameter.isCursor(cursor) {
                throw Problem(.invalidRequest, "it is not one that a list gave out", field: "cursor")
            }
            return PageQuery(limit: limit ?? PageQuery.defaultLimit, cursor: cursor, tenants: pass.tenants)
        }
    }

    /// Which operations are asked for.
    var operations: OperationQuery {
        get throws(Problem) {
            var operations = OperationQuery(page: try page)
            if let name = query["tenant"] { operations.tenant = try parse(name, "tenant") }
            if let name = query["app"] { operations.app = try parse(name, "app") }
            if let text = query["state"] {
                guard let state = Operation.State(rawValue: text) else {
                    let known = Operation.State.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(.invalidRequest, "it must be one of \(known)", field: "state")
                }
                operations.state = state
            }
            return operations
        }
    }

    /// The number of the last event that the reader has seen; 0 for a new reader.
    var lastEvent: Int {
        get throws(Problem) {
            let range = 0...Parameter.lastSequence
            let after = try query.integer("after", in: range)
            guard let text = try header(.lastEventID) else { return after ?? 0 }
            return try WholeNumber.parse(text, in: range, field: "Last-Event-ID")
        }
    }

    /// Whether the operation may wait for its turn.
    var waiting: Bool {
        get throws(Problem) {
            try flag("wait")
        }
    }

    /// Whether an app's databases go with it.
    var purging: Bool { get throws(Problem) { try flag("purge") } }

    private func flag(_ name: String) throws(Problem) -> Bool {
        switch query[name] {
        case nil, "false": false
        case "true": true
        default: throw Problem(.invalidRequest, "it must be true or false", field: name)
        }
    }

    /// The file with a backup's key for secrets; nil for a backup without them.
    var secretsKey: String? {
        get throws(Problem) {
            try query["secrets_key"].map { text throws(Problem) in try HostPath.parse(text, field: "secrets_key") }
        }
    }

    /// The idempotency key: 1 to 255 visible ASCII characters.
    var key: String? {
        get throws(Problem) {
            guard let key = try header(.idempotencyKey) else { return nil }
            guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Problem(
                    .invalidRequest, "it must be 1 to 255 visible ASCII characters", field: "Idempotency-Key")
            }
            return key
        }
    }

    private func header(_ name: HTTPField.Name) throws(Problem) -> String? {
        let values = request.headers[values: name]
        guard values.count <= 1 else {
            throw Problem(.invalidRequest, "it stands twice in the head", field: name.rawName)
        }
        return values.first
    }

    // MARK: Body

    /// What a create asks for; `Name` is what kind of name it must be.
    func createRequest<Kind: Name>(_ kind: Kind.Type) throws(Problem) -> CreateRequest {
        try CreateRequest(body) { (name) throws(InvalidValue) in _ = try Kind(name) }
    }

    /// What a tenant's apps may have beyond the strict policy; nil for nothing.
    var loosening: Loosening? { get throws(Problem) { try PolicyResource.loosening(body) } }

    /// What a tenant's apps shall reach.
    var egressRequest: EgressRequest { get throws(Problem) { try EgressRequest(body) } }

    /// Which hostname a tenant wants.
    var domainRequest: DomainRequest { get throws(Problem) { try DomainRequest(body) } }

    /// What a deploy asks for.
    var deployRequest: DeployRequest { get throws(Problem) { try DeployRequest(body) } }

    /// How many copies a scale asks for.
    var scaleRequest: ScaleRequest { get throws(Problem) { try ScaleRequest(body) } }

    /// Where a rollback goes.
    var rollbackRequest: RollbackRequest { get throws(Problem) { try RollbackRequest(body) } }

    /// Which role is granted to whom.
    var grantRequest: GrantRequest { get throws(Problem) { try GrantRequest(body) } }

    /// Which token is made.
    var tokenRequest: TokenRequest { get throws(Problem) { try TokenRequest(body) } }

    /// How much a tenant may have.
    var quotaRequest: QuotaRequest { get throws(Problem) { try QuotaRequest(body) } }

    /// Which image a runtime is.
    var runtimeRequest: RuntimeRequest { get throws(Problem) { try RuntimeRequest(body) } }

    /// The body of an upload: what is read of it is not kept here.
    var upload: UploadBody { UploadBody(request.body) }

    /// Which backup is restored.
    var restoreRequest: RestoreRequest { get throws(Problem) { try RestoreRequest(body) } }

    /// The value of a secret.
    var secret: Secret {
        get throws(Problem) {
            guard let value else { throw Problem(.invalidRequest, "the body is missing") }
            return value
        }
    }

    /// What NIO has read it into is its own again, and is not overwritten; what is copied from there is.
    private static func secret(
        of request: Request, _ endpoint: Endpoint, limit: Int, _ share: BodyBudget.Share
    ) async throws -> Secret {
        var bytes = try await body(of: request, endpoint, limit: min(limit, Secret.sizes.upperBound), share)
        guard !bytes.isEmpty else { throw Problem(.invalidRequest, "the body is missing") }
        return Secret(taking: &bytes)
    }

    private static func body(
        of request: Request, _ endpoint: Endpoint, limit: Int, _ share: BodyBudget.Share
    ) async throws -> [UInt8] {
        guard try check(bodyOf: request, endpoint, limit: limit) else { return [] }
        let tooLarge = Problem(.tooLarge, "the body has more than \(limit) bytes")
        var bytes: [UInt8] = []
        // At once: what an array leaves behind when it grows is not overwritten.
        if endpoint.bodyType == .secret { bytes.reserveCapacity(limit) }
        for try await piece in request.body {
            guard bytes.count + piece.readableBytes <= limit else { throw tooLarge }
            guard share.take(piece.readableBytes) else {
                throw Problem(.tooManyRequests, "you are sending too many large bodies at once")
            }
            // In even steps: an array that grows by itself doubles, and has the old one beside it meanwhile.
            if bytes.capacity - bytes.count < piece.readableBytes {
                bytes.reserveCapacity(min(limit, bytes.count + piece.readableBytes + (128 << 10)))
            }
            bytes += piece.readableBytesView
        }
        return bytes
    }

    /// Whether there is a body to read: one that is missing, of another kind or too long is refused.
    @discardableResult
    private static func check(bodyOf request: Request, _ endpoint: Endpoint, limit: Int) throws(Problem) -> Bool {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        let hasBody = request.headers[.transferEncoding] != nil || length ?? 0 > 0
        guard endpoint.body != nil else {
            if hasBody { throw Problem(.invalidRequest, "no body is read here") }
            return false
        }
        guard hasBody else { throw Problem(.invalidRequest, "the body is missing") }
        let type = request.headers[.contentType]
        guard endpoint.bodyType == .json ? isJSON(type) : type?.lowercased() == endpoint.bodyType.rawValue else {
            throw Problem(.unsupportedMediaType, "the body must be \(endpoint.bodyType.rawValue)")
        }
        if let length, length > limit { throw Problem(.tooLarge, "the body has more than \(limit) bytes") }
        return true
    }

    private static func isJSON(_ type: String?) -> Bool {
        let parts = (type ?? "").lowercased().split(separator: ";", maxSplits: 1)
        guard parts.first?.filter({ $0 != " " && $0 != "\t" }) == "application/json" else { return false }
        // RFC 8259 has no charset parameter; clients send it, and only UTF-8 is right.
        return parts.count < 2 || !parts[1].contains("charset") || parts[1].contains("utf-8")
    }

    // MARK: Parsing

    private func parameter(_ name: String) throws(Problem) -> String {
        guard let text = context.parameters.get(name).flatMap({ PercentEncoding.decode($0) }) else {
            throw Problem(.invalidRequest, "the path has a broken percent-encoding", field: name)
        }
        return text
    }

    private func name<Kind: Name>(_ parameter: String) throws(Problem) -> Kind {
        try parse(try self.parameter(parameter), parameter)
    }

    private func parse<Kind: Name>(_ text: String, _ field: String) throws(Problem) -> Kind {
        try Problem.ofField(field) { () throws(InvalidValue) in try Kind(text) }
    }
}
