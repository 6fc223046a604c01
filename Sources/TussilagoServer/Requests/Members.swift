import TussilagoAPI
import TussilagoCore

/// The members of the object in a request's body, taken out one by one, so that a member nobody takes is noticed.
struct Members {
    private var values: [String: JSONValue]

    /// Reads a body.
    init(_ body: [UInt8]) throws(Problem) {
        let value: JSONValue
        do throws(JSONReader.Failure) { value = try JSONReader.read(body) } catch {
            throw Problem(
                .invalidRequest, "the body is not the JSON that is read here: \(error.message), at byte \(error.offset)"
            )
        }
        guard case .object(let members) = value else {
            throw Problem(.invalidRequest, "the body must be a JSON object")
        }
        values = members
    }

    /// A text that must be there.
    mutating func text(_ name: String, limit: Int) throws(Problem) -> String {
        guard let text = try optionalText(name, limit: limit) else {
            throw Problem(.invalidRequest, "it is missing", field: name)
        }
        return text
    }

    /// A text of at most `limit` characters (Unicode scalars, as in JSON Schema); nil when it is not there.
    mutating func optionalText(_ name: String, limit: Int) throws(Problem) -> String? {
        guard let value = values.removeValue(forKey: name) else { return nil }
        guard case .string(let text) = value else { throw Problem(.invalidRequest, "it must be a string", field: name) }
        guard text.unicodeScalars.count <= limit else {
            throw Problem(.invalidRequest, "it has more than \(limit) characters", field: name)
        }
        return text
    }

    /// A whole number; nil when it is not there.
    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value = values.removeValue(forKey: name) else { return nil }
        return try Self.integer(value, name, in: range)
    }

    /// The members of an object of whole numbers.
    mutating func integers(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> [String: Int] {
        guard let value = values.removeValue(forKey: name) else {
            throw Problem(.invalidRequest, "it is missing", field: name)
        }
        guard case .object(let members) = value else {
            throw Problem(.invalidRequest, "it must be an object", field: name)
        }
        var integers: [String: Int] = [:]
        for (key, value) in members { integers[key] = try Self.integer(value, name, in: range) }
        return integers
    }

    private static func integer(
        _ value: JSONValue, _ name: String, in range: ClosedRange<Int>
    ) throws(Problem) -> Int {
        // To JSON Schema 5.0 is an integer as well (JSON Schema 2020-12, §6.1.1).
        let number: Int? =
            switch value {
            case .integer(let number): number
            case .number(let number): Int(exactly: number)
            default: nil
            }
        guard let number, range.contains(number) else {
            throw Problem(
                .invalidRequest, "it must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                field: name)
        }
        return number
    }

    /// The digest of a source's archive; nil when it is not there.
    mutating func source() throws(Problem) -> Digest? {
        guard let text = try optionalText("source", limit: 71) else { return nil }
        return try Problem.ofField("source") { () throws(InvalidValue) in try Digest(text) }
    }

    /// `true` or `false`; nil when it is not there.
    mutating func optionalFlag(_ name: String) throws(Problem) -> Bool? {
        guard let value = values.removeValue(forKey: name) else { return nil }
        guard case .bool(let flag) = value else {
            throw Problem(.invalidRequest, "it must be true or false", field: name)
        }
        return flag
    }

    /// A role.
    mutating func role() throws(Problem) -> Role {
        guard let role = Role(rawValue: try text("role", limit: 100)) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.invalidRequest, "it must be one of \(known)", field: "role")
        }
        return role
    }

    /// Refuses what was not taken: a misspelt member would go unnoticed otherwise.
    func end() throws(Problem) {
        guard let name = values.keys.min() else { return }
        throw Problem(.invalidRequest, "there is no such member here", field: String(name.prefix(80)))
    }
}

extension CreateRequest {
    /// Reads the request; its name is parsed by whoever knows what it names.
    init(_ body: [UInt8], check: (String) throws(InvalidValue) -> Void) throws(Problem) {
        var members = try Members(body)
        let name = try members.text("name", limit: 1_000)
        try members.end()
        try Problem.ofField("name") { () throws(InvalidValue) in try check(name) }
        self.init(name: name)
    }
}

extension RuntimeRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        self.init(
            image: try members.optionalText("image", limit: 255), isDefault: try members.optionalFlag("default"))
        try members.end()
    }
}

extension EgressRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let text = try members.text("egress", limit: 1_000)
        try members.end()
        guard let egress = EgressGrant(rawValue: text) else {
            let known = EgressGrant.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.invalidRequest, "it must be one of \(known)", field: "egress")
        }
        self.init(egress: egress)
    }
}

extension DomainRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let text = try members.text("hostname", limit: 1_000)
        let vouch = try members.optionalFlag("vouch")
        try members.end()
        let hostname = try Problem.ofField("hostname") { () throws(InvalidValue) in try Hostname(text) }
        self.init(hostname: hostname.text, vouch: vouch)
    }
}

extension DeployRequest {
    /// The most characters of a path: PATH_MAX without its end (limits.h).
    static let longestPath = 4_095
    /// The most characters of a note.
    static let longestNote = 200
    /// The most characters of a manifest.
    static let longestManifest = 65_536

    /// Reads the request; what the manifest says is not looked at here.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        self.init(
            manifest: try members.text("manifest", limit: Self.longestManifest),
            image: try members.optionalText("image", limit: 255),
            files: try members.optionalText("files", limit: Self.longestPath), source: try members.source(),
            note: try members.optionalText("note", limit: Self.longestNote))
        try members.end()
        if let image { _ = try Problem.ofField("image") { () throws(InvalidValue) in try ImageReference(image) } }
        // By bytes: to `hasPrefix`, a combining mark after the slash makes another character of both.
        if let files, files.utf8.first != UInt8(ascii: "/") || files.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw Problem(.invalidRequest, "it must be an absolute path without control characters", field: "files")
        }
        if let note, note.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw Problem(.invalidRequest, "it must be one line without control characters", field: "note")
        }
    }
}

extension ScaleRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let processes = try members.integers("processes", in: Manifest.counts)
        try members.end()
        guard !processes.isEmpty else { throw Problem(.invalidRequest, "it names no process", field: "processes") }
        for name in processes.keys.sorted() {
            _ = try Problem.ofField("processes") { () throws(InvalidValue) in try ProcessName(name) }
        }
        self.init(processes: processes)
    }
}

extension RollbackRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let number = try members.optionalInteger("release", in: 1...999_999_999)
        try members.end()
        self.init(release: number.flatMap(ReleaseNumber.init(rawValue:)))
    }
}

extension GrantRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let grantee = try members.text("grantee", limit: 100), role = try members.role()
        try members.end()
        _ = try Problem.ofField("grantee") { () throws(InvalidValue) in try Grantee(grantee) }
        self.init(grantee: grantee, role: role)
    }
}

extension TokenRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let name = try members.text("name", limit: 1_000), role = try members.role()
        let seconds = try members.optionalInteger("expires_in", in: Token.lifetimes)
        try members.end()
        _ = try Problem.ofField("name") { () throws(InvalidValue) in try TokenName(name) }
        guard let seconds else { throw Problem(.invalidRequest, "it is missing", field: "expires_in") }
        self.init(name: name, role: role, expiresIn: seconds)
    }
}

extension QuotaRequest {
    /// Reads the request. What is absent has no limit.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        self.init()
        for kind in Quota.Kind.allCases {
            let range = Int(clamping: kind.range.lowerBound)...Int(clamping: kind.range.upperBound)
            self[kind] = try members.optionalInteger(kind.rawValue, in: range).map(Int64.init)
        }
        try members.end()
    }
}

extension PolicyResource {
    /// Reads what shall be allowed; nil for the strict policy.
    static func loosening(_ body: [UInt8]) throws(Problem) -> Loosening? {
        var members = try Members(body)
        var limits = SandboxLimits()
        for kind in SandboxLimits.Kind.allCases {
            let range = Int(clamping: kind.looser.lowerBound)...Int(clamping: kind.looser.upperBound)
            limits[kind] = try members.optionalInteger(kind.rawValue, in: range).map(Int64.init)
        }
        let reason = try members.optionalText("reason", limit: Loosening.longestReason)
        try members.end()
        guard !limits.isEmpty else { return nil }
        guard let reason else {
            throw Problem(.invalidRequest, "it is missing: what is loosened needs one", field: "reason")
        }
        do throws(InvalidValue) { return try Loosening(limits, reason: reason) } catch {
            throw Problem(.invalidRequest, error.rule, field: error.expected)
        }
    }
}

extension RestoreRequest {
    /// Reads the request.
    init(_ body: [UInt8]) throws(Problem) {
        var members = try Members(body)
        let file = try members.text("file", limit: DeployRequest.longestPath)
        let key = try members.optionalText("secrets_key", limit: DeployRequest.longestPath)
        try members.end()
        self.init(
            file: try HostPath.parse(file, field: "file"),
            secretsKey: try key.map { text throws(Problem) in try HostPath.parse(text, field: "secrets_key") })
    }
}

/// An absolute path on the host, as a member or parameter has it.
enum HostPath {
    static func parse(_ text: String, field: String) throws(Problem) -> String {
        guard text.utf8.first == UInt8(ascii: "/"), !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }),
            text.utf8.count <= DeployRequest.longestPath
        else {
            throw Problem(.invalidRequest, "it must be an absolute path without control characters", field: field)
        }
        return text
    }
}

extension Problem {
    /// Parses a field, and names it when it is not valid.
    static func ofField<Value>(_ field: String, _ parse: () throws(InvalidValue) -> Value) throws(Problem) -> Value {
        do throws(InvalidValue) { return try parse() } catch {
            throw Problem(.invalidRequest, error.description, field: field)
        }
    }
}
