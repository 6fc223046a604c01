import TussilagoCore

/// Reads a JSON text (RFC 8259) from someone who is not trusted.
///
/// It is stricter than a decoder: names may not stand twice in an object (two readers could see two values), and
/// nothing may be nested deeper than ``depth`` or have more than ``values``, which is tested before it is followed.
struct JSONReader {
    /// What is wrong with a text, and the byte where it is.
    struct Failure: Error, Equatable {
        var message: String
        var offset: Int
    }

    /// How deep arrays and objects may be nested; RFC 8259 §9 lets a reader set a limit.
    static let depth = 32
    /// How many values there may be: in memory each takes many times its shortest text.
    static let values = 10_000

    private let bytes: [UInt8]
    private var offset = 0
    private var level = 0
    private var count = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a whole text.
    static func read(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure(message: "it is not UTF-8", offset: 0)
        }
        var reader = JSONReader(bytes)
        let value = try reader.value()
        guard reader.peek() == nil else { throw reader.failure("something follows the value") }
        return value
    }

    private func failure(_ message: String) -> Failure { Failure(message: message, offset: offset) }

    /// The next byte that is no white space.
    private mutating func peek() -> UInt8? {
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
        return offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func take(_ byte: Unicode.Scalar) throws(Failure) {
        guard peek() == UInt8(ascii: byte) else { throw failure("expected \(byte)") }
        offset += 1
    }

    private mutating func value() throws(Failure) -> JSONValue {
        guard count < Self.values else { throw failure("it has more than \(Self.values) values") }
        count += 1
        switch peek() {
        case UInt8(ascii: "{"): return try nested { reader throws(Failure) in try reader.object() }
        case UInt8(ascii: "["): return try nested { reader throws(Failure) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw failure("a value is missing")
        default: return try number()
        }
    }

    private mutating func nested(
        _ read: (inout JSONReader) throws(Failure) -> JSONValue
    ) throws(Failure) -> JSONValue {
        guard level < Self.depth else { throw failure("it is nested more than \(Self.depth) deep") }
        level += 1
        defer { level -= 1 }
        return try read(&self)
    }

    private mutating func object() throws(Failure) -> JSONValue {
        var members: [String: JSONValue] = [:]
        try take("{")
        if peek() == UInt8(ascii: "}") { offset += 1; return .object([:]) }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw failure("expected a name in quotes") }
            let name = try string()
            try take(":")
            guard members.updateValue(try value(), forKey: name) == nil else {
                throw failure("a name stands twice in an object")
            }
            guard peek() == UInt8(ascii: ",") else { break }
            offset += 1
        }
        try take("}")
        return .object(members)
    }

    private mutating func array() throws(Failure) -> JSONValue {
        var items: [JSONValue] = []
        try take("[")
        if peek() == UInt8(ascii: "]") { offset += 1; return .array([]) }
        while true {
            items.append(try value())
            guard peek() == UInt8(ascii: ",") else { break }
            offset += 1
        }
        try take("]")
        return .array(items)
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[offset...].starts(with: word.utf8) else { throw failure("this is no JSON value") }
        offset += word.utf8.count
        return value
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = offset
        if at("-") { offset += 1 }
        if at("0") { offset += 1 } else { try digits() }
        if at(".") { offset += 1; try digits() }
        if at("e") || at("E") {
            offset += 1
            if at("+") || at("-") { offset += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw failure("the number is out of range") }
        return .number(number)
    }

    private func at(_ byte: Unicode.Scalar) -> Bool { offset < bytes.count && bytes[offset] == UInt8(ascii: byte) }

    private mutating func digits() throws(Failure) {
        let start = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        guard offset > start else { throw failure("this is no JSON value") }
    }
}

extension JSONReader {
    private mutating func string() throws(Failure) -> String {
        offset += 1
        var text: [UInt8] = []
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
            case ..<0x20: throw failure("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw failure("the closing quote is missing")
    }

    private mutating func escape() throws(Failure) -> Character {
        guard offset < bytes.count else { throw failure("the closing quote is missing") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try escapedScalar())
        default: throw failure("there is no such escape")
        }
    }

    /// Half of a surrogate pair is no character, and is refused (RFC 8259 §8.2).
    private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
        let high = try codeUnit()
        if let scalar = Unicode.Scalar(UInt32(high)) { return scalar }
        guard UTF16.isLeadSurrogate(high), at("\\") else { throw failure("half of a character") }
        offset += 1
        guard at("u") else { throw failure("half of a character") }
        offset += 1
        let low = try codeUnit()
        guard UTF16.isTrailSurrogate(low) else { throw failure("half of a character") }
        let value = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw failure("half of a character") }
        return scalar
    }

    private mutating func codeUnit() throws(Failure) -> UInt16 {
        let digits = bytes[offset...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("\\u takes four hexadecimal digits") }
        offset += 4
        return unit
    }
}
