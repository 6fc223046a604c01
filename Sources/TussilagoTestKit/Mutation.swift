/// Harms texts as a stranger would, or a bad disk.
public enum Mutation {
    /// What a grammar gives a meaning, and bytes that are no text at all.
    private static let pieces: [[UInt8]] =
        [
            "[", "]", "[[", "]]", "{", "}", "(", ")", "\"", "\"\"\"", "'", "'''", "\\", "\\\"", "\\u00", "\\ud800",
            "\\U0010FFFF",
            "\\x4", "\\777", "\n", "\r\n", "\r", "#", ";", "=", ".", ",", ":", "/", "%", "%2", "%00", "$", "${", "&",
            "?", "+", "-",
            "_", " ", "\t", "0", "1", "9", "-0", "1e400", "1e-400", "18446744073709551616", "-9223372036854775809",
            "0x", "inf",
            "nan", "true", "false", "null", "---", "---x---", "[Service]", "ExecStart=", "a.b = 1\n", "\u{FEFF}",
            "\u{2028}", "é",
            "\u{1F600}", "\u{0}", "\u{7F}", "e\u{301}",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC3], [0xE2, 0x80], [0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        ]

    /// One of the samples, harmed up to eight times; now and then nothing but pieces.
    public static func bytes(of samples: [String], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = random.oneIn(20) ? [] : Array(random.pick(samples, otherwise: "").utf8)
        for _ in 0..<Int.random(in: bytes.isEmpty ? 3...40 : 0...8, using: &random) {
            let start = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 0...8, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.removeSubrange(start..<end)
            case 1, 2: bytes.insert(contentsOf: random.pick(pieces, otherwise: []), at: start)
            case 3: bytes.replaceSubrange(start..<end, with: random.pick(pieces, otherwise: []))
            case 4: bytes.insert(contentsOf: bytes[start..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 5: if start < bytes.count { bytes[start] ^= 1 << UInt8.random(in: 0...7, using: &random) }
            case 6:
                let piece = random.pick(pieces, otherwise: [])
                bytes.insert(
                    contentsOf: Array(repeating: piece, count: random.oneIn(50) ? 2_000 : 5).joined(), at: start)
            default: if random.oneIn(4) { bytes.removeSubrange(start...) }
            }
        }
        return bytes
    }
}
