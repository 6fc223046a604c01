/// A DNS label in lower case (RFC 1123 §2.1), short enough that every path and unit name built from it fits.
///
/// The bound of each kind keeps Caddy's upstream path below the 108 bytes of `sun_path` (unix(7)) and the longest unit
/// name below systemd's 255.
public protocol Name: RawRepresentable, Hashable, Comparable, Sendable, Codable, CodingKeyRepresentable,
    CustomStringConvertible
where RawValue == String {
    /// What an error calls it.
    static var kind: String { get }
    /// The most characters that it may have.
    static var maximumLength: Int { get }
    /// Takes a text that is known to be valid.
    init(unchecked: String)
}

extension Name {
    /// Parses a name.
    /// - Throws: ``InvalidValue`` when the text is not a lower-case DNS label of at most ``maximumLength`` characters.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let bytes = text.utf8
        func refuse(_ rule: String) -> InvalidValue { InvalidValue(Self.kind, given: text, rule: rule) }
        guard !bytes.isEmpty else { throw refuse("it is empty") }
        guard bytes.count <= Self.maximumLength else {
            throw refuse("it has more than \(Self.maximumLength) characters")
        }
        guard bytes.allSatisfy({ $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }) else {
            throw refuse("only a to z, 0 to 9 and - may stand in it")
        }
        guard let first = bytes.first, first.isLowercaseLetter else { throw refuse("it must begin with a letter") }
        guard text.last != "-" else { throw refuse("it must not end with -") }
        self.init(unchecked: String(text))
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

    /// The name as one level of a unit name: `-` separates levels there, so inside a label it is written `_`.
    ///
    /// A label has no `_`, so the mapping goes both ways.
    package var unitLabel: String {
        // Most have none, and names are written and read by the thousand.
        guard rawValue.utf8.contains(UInt8(ascii: "-")) else { return rawValue }
        return String(rawValue.map { $0 == "-" ? "_" : $0 })
    }

    /// Reads a level of a unit name back.
    package init?(unitLabel: some StringProtocol) {
        guard !unitLabel.utf8.contains(UInt8(ascii: "-")) else { return nil }
        let isPlain = !unitLabel.utf8.contains(UInt8(ascii: "_"))
        self.init(rawValue: isPlain ? String(unitLabel) : String(unitLabel.map { $0 == "_" ? "-" : $0 }))
    }
}

/// The name of a tenant.
public struct TenantName: Name {
    public static let kind = "tenant name"
    public static let maximumLength = 32
    public let rawValue: String
    public init(unchecked: String) { rawValue = unchecked }
}

/// The name of an app, unique within its tenant.
public struct AppName: Name {
    public static let kind = "app name"
    public static let maximumLength = 32
    public let rawValue: String
    public init(unchecked: String) { rawValue = unchecked }
}

/// The name of a process of an app: `web`, `worker`.
public struct ProcessName: Name {
    public static let kind = "process name"
    public static let maximumLength = 16
    public let rawValue: String
    public init(unchecked: String) { rawValue = unchecked }
}

extension UInt8 {
    package var isLowercaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    package var isUppercaseLetter: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    package var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
