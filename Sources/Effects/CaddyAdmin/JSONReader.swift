internal import TussilagoCore

/// Reads JSON (RFC 8259) into ``JSONValue``.
///
/// JSONDecoder finds the type of each value by trying: 0.4 s for 1000 routes, where this takes a few milliseconds.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    /// Arrays and objects may be nested so deep; Caddy's configurations stay below twenty.
    private static let depthLimit = 64

    /// Why a text is no JSON: what was expected, and at which byte.
    struct Failure: Error {
        let expected: String
        let position: Int
    }

    /// Reads a whole text.
    static func read(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        // Once for all strings: what ends them is ASCII, so none of them cuts a character.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw reader.failure("UTF-8") }
        let value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.position == bytes.count else { throw reader.failure("the end") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func failure(_ expected: String) -> Failure { Failure(expected: expected, position: position) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    /// Takes one byte if it is this one, after blanks.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth < Self.depthLimit else { throw failure("fewer levels") }
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        default: return try word()
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        var members: [String: JSONValue] = [:]
        position += 1
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            let key = try string()
            guard take(":") else { throw failure(":") }
            members[key] = try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw failure("}") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        if take("]") { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw failure("]") }
        return .array(elements)
    }

    /// A number, or one of the three names.
    private mutating func word() throws(Failure) -> JSONValue {
        let start = position
        while let byte = next, !Self.ends(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        switch text {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            let isNumber = text.utf8.first.map { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } ?? false
            if isNumber, let integer = Int(text) { return .integer(integer) }
            if isNumber, let number = Double(text), number.isFinite { return .number(number) }
            throw Failure(expected: "a value", position: start)
        }
    }

    private static func ends(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
    }

    private mutating func string() throws(Failure) -> String {
        guard next == UInt8(ascii: "\"") else { throw failure("a string") }
        position += 1
        var text = ""
        var start = position
        while let byte = next, byte >= 0x20 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                text += String(decoding: bytes[start..<position], as: UTF8.self)
                position += 1
                if byte == UInt8(ascii: "\"") { return text }
                text.unicodeScalars.append(try escape())
                start = position
            } else {
                position += 1
            }
        }
        throw failure("\"")
    }

    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        guard let byte = next else { throw failure("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: Array("\\u".utf8)) {
                position += 2
                units.append(try codeUnit())
            }
            guard let scalar = String(validating: units, as: UTF16.self)?.unicodeScalars.first else {
                throw failure("a pair of surrogates")
            }
            return scalar
        default: throw failure("an escape")
        }
    }

    private mutating func codeUnit() throws(Failure) -> UInt16 {
        let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.utf8.first != UInt8(ascii: "+"), let unit = UInt16(digits, radix: 16)
        else {
            throw failure("four hexadecimal digits")
        }
        position += 4
        return unit
    }
}
