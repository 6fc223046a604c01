/// A container image by the name that people give it: `localhost/python:3.13`.
public struct ImageReference: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The reference, always with a registry host and a tag or digest.
    public let text: String

    /// Parses a fully qualified reference.
    ///
    /// A short name ("python") is refused, since what it means depends on the host's registries.conf
    /// (containers-registries.conf(5)).
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("image", given: text, rule: rule) }
        guard !text.isEmpty, text.utf8.count <= 255 else { throw refuse("it must have 1 to 255 characters") }
        let allowed = Set("-._:/@".utf8)
        guard
            text.utf8.allSatisfy({ $0.isLowercaseLetter || $0.isUppercaseLetter || $0.isDigit || allowed.contains($0) })
        else { throw refuse("only letters, digits and - . _ : / @ may stand in it") }
        let components = text.split(separator: "/", omittingEmptySubsequences: false)
        guard components.count >= 2, components.allSatisfy({ $0.utf8.first.map { $0.isAlphanumeric } ?? false }) else {
            throw refuse("it is written HOST/NAME:TAG, as in localhost/python:3.13")
        }
        guard components[0] == "localhost" || components[0].contains(where: { $0 == "." || $0 == ":" }) else {
            throw refuse("it must begin with its registry, as in localhost/python:3.13")
        }
        let name = components[components.count - 1]
        self.text = name.contains(":") || name.contains("@") ? String(text) : "\(text):latest"
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
public struct Digest: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The 64 digits.
    public let hexadecimal: String

    /// Parses a digest, with or without its `sha256:`.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : String(text)
        let valid = digits.utf8.allSatisfy { $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
        guard valid, digits.utf8.count == 64 else {
            throw InvalidValue("digest", given: text, rule: "it is 64 hexadecimal digits in lower case")
        }
        hexadecimal = digits
    }

    public init(from decoder: any Decoder) throws {
        self = try Self(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static func < (left: Self, right: Self) -> Bool { left.hexadecimal < right.hexadecimal }

    public var description: String { "sha256:\(hexadecimal)" }
}

extension UInt8 {
    var isAlphanumeric: Bool { isLowercaseLetter || isUppercaseLetter || isDigit }
}
