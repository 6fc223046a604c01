internal import TussilagoCore

/// The head of one member of a tar archive (POSIX.1-2017 pax, "ustar Interchange Format").
///
/// A name over 100 bytes stands in an extended header before it. Nothing that an archive need not have is written, and
/// what is read must be, byte for byte, what would have been written: there is one way to write a member.
struct TarHeader: Hashable {
    enum Kind: UInt8 {
        case file = 0x30
        case directory = 0x35
        case extended = 0x78
    }

    var name: String
    var kind = Kind.file
    var mode: UInt16 = 0o600
    var size = 0

    /// The unit of all lengths.
    static let block = 512
    /// The largest size that its field holds.
    static let largestSize = (1 << 33) - 1
    fileprivate static let nameLength = 100
    /// More than any path within the limits of a file tree.
    static let longestName = 40_000

    /// How many zeros follow a content of so many bytes.
    static func padding(_ size: Int) -> Int { (block - size % block) % block }

    /// The head as bytes: one block, or with an extended header several.
    var bytes: [UInt8] {
        guard name.utf8.count > Self.nameLength else { return blockBytes(Array(name.utf8)) }
        let record = Self.record(name)
        let extended = TarHeader(name: "pax", kind: .extended, size: record.count)
        return extended.blockBytes(Array("pax".utf8)) + record
            + [UInt8](repeating: 0, count: Self.padding(record.count))
            + blockBytes(Array(name.utf8.prefix(Self.nameLength)))
    }

    fileprivate func blockBytes(_ name: [UInt8]) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { block[offset + index] = byte }
        }
        put(name, at: 0)
        put(Self.octal(Int(mode), 7), at: 100)
        put(Self.octal(0, 7), at: 108)
        put(Self.octal(0, 7), at: 116)
        put(Self.octal(size, 11), at: 124)
        put(Self.octal(0, 11), at: 136)
        block[156] = kind.rawValue
        put("ustar\u{0}00".utf8, at: 257)
        put("root".utf8, at: 265)
        put("root".utf8, at: 297)
        // The sum counts its own field as blanks.
        let sum = block.reduce(8 * 0x20) { $0 + Int($1) }
        put(Self.octal(sum, 6), at: 148)
        block[155] = 0x20
        return block
    }

    private static func octal(_ number: Int, _ digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }

    /// `LENGTH path=NAME\n`, where the length counts itself.
    fileprivate static func record(_ name: String) -> [UInt8] {
        let rest = " path=\(name)\n".utf8.count
        var length = rest + String(rest).utf8.count
        if String(length).utf8.count > String(rest).utf8.count { length = rest + String(length).utf8.count }
        return Array("\(length) path=\(name)\n".utf8)
    }

}

extension TarHeader {
    /// Reads one block; nil when it is not one that ``bytes`` would have. The name of a long one is still cut.
    init?(block: [UInt8]) {
        guard block.count == Self.block, let kind = Kind(rawValue: block[156]),
            let mode = Self.number(block[100..<107]), let size = Self.number(block[124..<135]),
            let short = UInt16(exactly: mode)
        else { return nil }
        let raw = Array(block[..<Self.nameLength].prefix { $0 != 0 })
        self.init(name: String(decoding: raw, as: UTF8.self), kind: kind, mode: short, size: size)
        guard blockBytes(raw) == block else { return nil }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { return nil }
            number = number * 8 + Int(digit - 0x30)
        }
        return number
    }

    /// The name in an extended header's content; nil when that is not one that is written here.
    static func name(ofRecord bytes: [UInt8]) -> String? {
        guard let blank = bytes.firstIndex(of: 0x20), bytes.count > blank + 7,
            let name = String(validating: bytes[(blank + 6)...].dropLast(), as: UTF8.self), record(name) == bytes,
            name.utf8.count > nameLength
        else { return nil }
        return name
    }
}
