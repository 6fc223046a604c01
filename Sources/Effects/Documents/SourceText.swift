/// What holds for every text before anything looks for meaning in it.
enum SourceText {
    /// The most bytes that a text may have.
    static let maximumSize = 65_536

    /// Refuses a text that is too long, or that has characters which make it look other than it is.
    ///
    /// Those are control characters, and the ones that turn the direction of what follows (CVE-2021-42574).
    static func check(_ text: String, file: String) throws(SyntaxMistake) {
        guard text.utf8.count <= maximumSize else {
            let message = "a text may have at most \(maximumSize / 1024) KiB"
            throw SyntaxMistake(position: .start(of: file), message: message)
        }
        var cursor = SourceCursor(text, file: file)
        while let next = cursor.next {
            if cursor.take("\r\n") { continue }
            guard !isForbidden(next) else {
                if next == "\r" { throw cursor.mistake("a line ends with LF or CR LF, not with CR alone") }
                let code = String(next.value, radix: 16, uppercase: true)
                let zeros = String(repeating: "0", count: max(0, 4 - code.count))
                throw cursor.mistake("the character U+\(zeros)\(code) is not allowed")
            }
            cursor.advance()
        }
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA: false
        case 0x202A...0x202E, 0x2066...0x2069: true
        default: scalar.properties.generalCategory == .control
        }
    }

    /// Decodes a file's bytes, which are UTF-8 or nothing.
    static func decode(_ bytes: [UInt8], file: String) throws(SyntaxMistake) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var valid = String.UnicodeScalarView()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { valid.append(scalar) }
        var cursor = SourceCursor(String(valid), file: file)
        cursor.take { _ in true }
        throw cursor.mistake("the text is not UTF-8")
    }
}
