/// A fully qualified hostname in its one canonical form: lower case, ASCII (punycode), no trailing dot, no port.
public struct Hostname: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The canonical text.
    public let text: String

    /// Parses and normalises a hostname: upper case is lowered and one trailing dot dropped, nothing else is mended.
    /// - Throws: ``InvalidValue`` for wildcards, addresses, single labels, and whatever RFC 1123 §2.1 does not allow.
    public init(_ given: some StringProtocol) throws(InvalidValue) {
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("hostname", given: given, rule: rule) }
        var text = given.lowercased()
        if text.hasSuffix(".") { text.removeLast() }
        guard !text.isEmpty else { throw refuse("it is empty") }
        guard text.utf8.count <= 253 else { throw refuse("it has more than 253 characters") }
        guard !text.contains("*") else { throw refuse("wildcards are not allowed") }
        // As it was given: in lower case some letters of other scripts are ASCII, as the Kelvin sign.
        guard given.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw refuse("write international names in punycode (xn--…)")
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2 else { throw refuse("it needs at least two labels, as in shop.example.org") }
        for label in labels {
            let bytes = Array(label.utf8)
            guard !bytes.isEmpty else { throw refuse("a label is empty") }
            guard bytes.count <= 63 else { throw refuse("a label has more than 63 characters") }
            guard bytes.allSatisfy({ $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }) else {
                throw refuse("only letters, digits, - and . may stand in it")
            }
            guard bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
                throw refuse("a label begins or ends with -")
            }
        }
        guard let last = labels.last, !last.utf8.allSatisfy(\.isDigit) else {
            throw refuse("an address is not a hostname")
        }
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    public var description: String { text }
}
