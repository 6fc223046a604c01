/// One file in the archive of a source (POSIX.1-2017 pax, "ustar Interchange Format").
///
/// It says nothing of when, where and by whom the archive was made: the same files are the same archive.
public struct SourceMember: Hashable, Sendable {
    /// Its path below the folder.
    public let path: String
    /// Whether its owner may execute it.
    public let isExecutable: Bool
    /// In bytes.
    public let size: Int

    /// Describes a file.
    public init(path: String, isExecutable: Bool, size: Int) {
        self.path = path
        self.isExecutable = isExecutable
        self.size = size
    }

    /// The unit of all lengths.
    public static let block = 512
    /// The largest file that its field holds, in bytes.
    public static let largestSize = (1 << 33) - 1
    private static let nameLength = 100

    /// How many zeros follow a content of so many bytes.
    public static func padding(_ size: Int) -> Int { (block - size % block) % block }
    /// What stands behind the last member.
    public static let end = [UInt8](repeating: 0, count: 2 * block)

    /// What stands before its content: one block, or with a long path an extended header before that.
    public var head: [UInt8] {
        let name = Array(path.utf8)
        let mode = isExecutable ? 0o755 : 0o644
        guard name.count > Self.nameLength else { return Self.block(name, mode: mode, size: size, kind: "0") }
        let record = Self.record(name)
        return Self.block(Array("pax".utf8), mode: 0o644, size: record.count, kind: "x") + record
            + [UInt8](repeating: 0, count: Self.padding(record.count))
            + Self.block(Array(name.prefix(Self.nameLength)), mode: mode, size: size, kind: "0")
    }

    /// `LENGTH path=…` and a line end, where the length counts its own digits.
    private static func record(_ name: [UInt8]) -> [UInt8] {
        let rest = Array(" path=".utf8) + name + [UInt8(ascii: "\n")]
        var length = rest.count
        while length != rest.count + "\(length)".utf8.count { length = rest.count + "\(length)".utf8.count }
        return Array("\(length)".utf8) + rest
    }

    private static func block(_ name: [UInt8], mode: Int, size: Int, kind: Unicode.Scalar) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { block[offset + index] = byte }
        }
        func octal(_ number: Int, _ digits: Int) -> [UInt8] {
            let text = String(number, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
        }
        put(name, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(0, 11), at: 136)
        block[156] = UInt8(truncatingIfNeeded: kind.value)
        put("ustar\u{0}00".utf8, at: 257)
        // The sum counts its own field as blanks.
        put(octal(block.reduce(8 * 0x20) { $0 + Int($1) }, 6), at: 148)
        block[155] = 0x20
        return block
    }
}
