public import FoundationEssentials

/// What someone may do, each role all that the ones before it may.
public enum Role: String, Hashable, Sendable, Codable, Comparable, CaseIterable {
    /// May look.
    case viewer
    /// May deploy, start, stop and cancel as well.
    case `operator`
    /// May create and delete, and say who else may do what.
    case admin

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// Where a role counts: on all of the host, or in one tenant.
public enum Realm: Hashable, Sendable, CustomStringConvertible {
    case host
    case tenant(TenantName)

    /// The tenant; nil for the host.
    public var tenant: TenantName? { if case .tenant(let name) = self { name } else { nil } }

    public var description: String { tenant?.rawValue ?? "the host" }
}

/// The name of a user or group of the host (systemd's "User/Group Name Syntax", without what needs quoting).
public struct AccountName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// Checks a name.
    /// - Throws: ``InvalidValue`` unless it has 1 to 32 letters, digits and `. _ -`, and begins with a letter or `_`.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let bytes = Array(text.utf8), marks = Set("._-".utf8)
        guard let first = bytes.first, bytes.count <= 32, first.isAlphanumeric && !first.isDigit || first == 0x5F,
            bytes.allSatisfy({ $0.isAlphanumeric || marks.contains($0) })
        else {
            throw InvalidValue(
                "user or group name", given: text,
                rule: "it has 1 to 32 letters, digits and . _ - in it, and begins with a letter or _")
        }
        self.text = String(text)
    }

    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    public var description: String { text }
}

/// Who a role is granted to: a user of the host, or all members of a group. Written `user:alice`, `group:acme-ops`.
public enum Grantee: Hashable, Sendable, CustomStringConvertible {
    case user(AccountName)
    case group(AccountName)

    /// Parses `user:NAME` or `group:NAME`.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts.first, parts.last) {
        case ("user", let name?) where parts.count == 2: self = .user(try AccountName(name))
        case ("group", let name?) where parts.count == 2: self = .group(try AccountName(name))
        default: throw InvalidValue("grantee", given: text, rule: "it is written user:NAME or group:NAME")
        }
    }

    public var description: String {
        switch self {
        case .user(let name): "user:\(name)"
        case .group(let name): "group:\(name)"
        }
    }
}

/// That someone has a role somewhere.
public struct Grant: Hashable, Sendable {
    /// Where.
    public let realm: Realm
    /// Who.
    public let grantee: Grantee
    /// The host's own number of the user or group when the role was granted. It is never shown: it keeps an account
    /// that is made anew under the same name from having what the old one had.
    public let number: UInt32
    /// Which role.
    public let role: Role
    /// Who granted it.
    public let by: String
    /// When.
    public let at: Date

    /// Describes a grant.
    public init(realm: Realm, grantee: Grantee, number: UInt32, role: Role, by: String, at: Date) {
        self.realm = realm
        self.grantee = grantee
        self.number = number
        self.role = role
        self.by = by
        self.at = at
    }
}

/// The name of a token, unique among the tokens of the host or of a tenant.
public struct TokenName: Name {
    public static let kind = "token name"
    public static let maximumLength = 32
    public let rawValue: String
    public init(unchecked: String) { rawValue = unchecked }
}

/// What a secret stands for that was shown once.
public struct Token: Hashable, Sendable {
    /// Its id, for the outside.
    public let id: UUID
    /// Its name.
    public let name: TokenName
    /// Where it counts, and nowhere else.
    public let realm: Realm
    /// Which role it has.
    public let role: Role
    /// Who made it.
    public let by: String
    /// When.
    public let at: Date
    /// From when on it counts no more.
    public let expiresAt: Date

    /// Describes a token.
    public init(id: UUID, name: TokenName, realm: Realm, role: Role, by: String, at: Date, expiresAt: Date) {
        self.id = id
        self.name = name
        self.realm = realm
        self.role = role
        self.by = by
        self.at = at
        self.expiresAt = expiresAt
    }

    /// How long a token may last, in seconds: a minute to a year.
    public static let lifetimes = 60...31_622_400
}

/// Who has which role, as the ledger has it: all that a decision needs.
public struct AccessRecords: Hashable, Sendable {
    /// The grants.
    public var grants: [Grant]
    /// The tokens, by the digest of their secret.
    public var tokens: [Digest: Token]

    /// Gathers what there is.
    public init(grants: [Grant] = [], tokens: [Digest: Token] = [:]) {
        self.grants = grants
        self.tokens = tokens
    }
}
