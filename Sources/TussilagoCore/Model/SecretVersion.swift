public import FoundationEssentials

/// The name of a secret within its app, and of the file that the app reads it from.
public struct SecretName: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    /// The most characters that it may have.
    public static let maximumLength = 64
    /// Where an app finds its secrets, a file each.
    public static let directory = "/run/secrets"

    /// How an app reaches its database.
    public static let databaseURL = SecretName(unchecked: "DATABASE_URL")

    private init(unchecked text: String) { rawValue = text }

    /// Parses a name: as one of an environment variable, a letter or `_` first.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let bytes = Array(text.utf8)
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("secret name", given: text, rule: rule) }
        guard bytes.count <= Self.maximumLength else {
            throw refuse("it has more than \(Self.maximumLength) characters")
        }
        guard let first = bytes.first, !first.isDigit,
            bytes.allSatisfy({ $0.isLowercaseLetter || $0.isUppercaseLetter || $0.isDigit || $0 == UInt8(ascii: "_") })
        else { throw refuse("only letters, digits and _ may stand in it, and no digit first") }
        rawValue = String(text)
    }

    public init?(rawValue: String) {
        guard let name = try? Self(rawValue) else { return nil }
        self = name
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var description: String { rawValue }
}

/// One value that a secret had or has: which one, never the value itself.
public struct SecretVersion: Hashable, Comparable, Sendable, Codable {
    /// The secret.
    public let name: SecretName
    /// Which of its values, from 1.
    public let number: Int
    /// The encrypted credential that holds the value.
    public let credential: UUID

    /// Names a version.
    public init(name: SecretName, number: Int, credential: UUID) {
        self.name = name
        self.number = number
        self.credential = credential
    }

    public static func < (left: Self, right: Self) -> Bool { (left.name, left.number) < (right.name, right.number) }
}

/// A version as it is kept: in the ledger, and in the app's own record beside its releases.
public struct SecretRecord: Hashable, Comparable, Sendable, Codable {
    /// The version.
    public let version: SecretVersion
    /// When it was set, in whole seconds.
    public let createdAt: Date
    /// Whether the next deploy takes it: it is the last that was set, and was not unset.
    public let isCurrent: Bool

    /// The most versions that an app may have, those of all its secrets together.
    public static let mostVersions = 1_000
    /// The most secrets that an app may have.
    public static let mostSecrets = 64

    /// Describes a version.
    public init(_ version: SecretVersion, createdAt: Date, isCurrent: Bool) {
        self.version = version
        self.createdAt = Date(timeIntervalSince1970: createdAt.timeIntervalSince1970.rounded(.down))
        self.isCurrent = isCurrent
    }

    public static func < (left: Self, right: Self) -> Bool { left.version < right.version }
}

extension [SecretRecord] {
    /// With those that are noted and unknown: the ledger may be an older one, and the next reconcile takes them in.
    public func keeping(_ noted: [SecretRecord]) -> [SecretRecord] {
        let known = Set(map(\.version.credential))
        return (self + noted.filter { !known.contains($0.version.credential) }).sorted()
    }
}

/// A list that records of earlier versions do not have; an empty one is left out.
@propertyWrapper public struct LaterList<Element: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    /// The list.
    public var wrappedValue: [Element]

    /// Wraps a list.
    public init(wrappedValue: [Element]) { self.wrappedValue = wrappedValue }
}

// What the compiler writes for a wrapped member knows nothing of its absence: it takes these for it.

extension KeyedEncodingContainer {
    /// Leaves an empty list out.
    public mutating func encode<Element>(_ value: LaterList<Element>, forKey key: Key) throws {
        if !value.wrappedValue.isEmpty { try encode(value.wrappedValue, forKey: key) }
    }
}

extension KeyedDecodingContainer {
    /// Takes a list that is not there for an empty one.
    public func decode<Element>(_ type: LaterList<Element>.Type, forKey key: Key) throws -> LaterList<Element> {
        LaterList(wrappedValue: try decodeIfPresent([Element].self, forKey: key) ?? [])
    }
}
