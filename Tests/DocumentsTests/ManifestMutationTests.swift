import Documents
import Testing
import TussilagoCore

/// SplitMix64: the same seed gives the same numbers on every machine.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return number ^ (number >> 31)
    }
}

@Suite struct ManifestMutationTests {
    static let good = """
        image = "localhost/python:3.13"
        hostnames = ["shop.example.org", 'a.example.org'] # the shop
        drain = "1s"

        [environment]
        GREETING = "hel\\"lo \\u00e9"
        [processes.web]
        command = ["python3", "-u", "/app/app.py"]
        ingress = { port = 8000 }
        health = { path = "/health", timeout = "30s" }
        limits = { memory = "512M", tasks = 5_12 }
        [processes.worker]
        command = '''sh -c "true"'''
        """

    /// Not a manifest, but all that TOML has.
    static let rich = """
        a.b = ["one", [2, [3.5e-1]], { c.d = true, "e" = 'f' }]\r
        'g h' = \"""
        many \\
           lines""\"""
        i = [
            0x1F, 0o17, 0b1, -1_0, # numbers
            +inf, 1979-05-27 07:32:00, 07:32:00,
        ]
        [[processes.job]]
        [processes.job.limits]
        memory = '''256M'''
        [[processes.job]]
        [processes]
        web = {}
        """

    /// What is put in: what the grammar gives a meaning, and bytes that are no text at all.
    static let pieces: [[UInt8]] =
        [
            "[", "]", "[[", "]]", "{", "}", "\"", "\"\"\"", "'", "'''", "\\", "\\u00", "\\U0010FFFF", "\n", "\r\n",
            "\r", "#", "=",
            ".", ",", "a", "1", "-", "_", " ", "\t", "a.b = 1\n", "[a]\n", "[[a]]\n", "\u{FEFF}", "\u{2028}", "é",
            "\u{0}", "inf", "0x",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x80], [0x80]]

    static func mutated(_ text: [UInt8], by random: inout SeededNumbers) -> [UInt8] {
        var bytes = text
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let start = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 0...6, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(start..<end)
            case 1: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: start)
            case 2: bytes.replaceSubrange(start..<end, with: pieces.randomElement(using: &random) ?? [])
            case 3: bytes.insert(contentsOf: bytes[start..<end], at: Int.random(in: 0...bytes.count, using: &random))
            default: bytes.removeSubrange(start...)
            }
        }
        return bytes
    }

    @Test(arguments: [good, rich], 0..<4)
    func aMutatedManifestIsAManifestOrHasItsMistakesInTheText(original: String, seed: Int) {
        var random = SeededNumbers(state: UInt64(seed))
        var isManifest = 0
        for _ in 0..<1_000 {
            let text = String(decoding: Self.mutated(Array(original.utf8), by: &random), as: UTF8.self)
            guard case .failure(let errors) = TOMLManifestReader().manifest(text) else {
                isManifest += 1
                continue
            }
            #expect(!errors.mistakes.isEmpty)
            let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            for mistake in errors.mistakes {
                let isInside =
                    lines.indices.contains(mistake.line - 1)
                    && (1...lines[mistake.line - 1].count + 1).contains(mistake.column)
                #expect(isInside && !mistake.message.isEmpty, "\(mistake) in \(text.debugDescription)")
            }
        }
        #expect(original == Self.good ? (50..<950).contains(isManifest) : isManifest == 0)
    }
}
