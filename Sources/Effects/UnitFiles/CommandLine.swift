/// A command line of a unit file, split as systemd splits it (systemd.service(5) "Command lines",
/// `extract_first_word()` in systemd's `src/basic/extract-word.c`).
///
/// Specifiers (`%i`) and variables (`${NAME}`) are resolved by systemd after that, word by word; here they stay as they
/// are written. ``literal(_:)`` tells the words that have none.
enum CommandLine {
    /// Why a text is no command line.
    struct Malformed: Error, Equatable {
        let reason: String
    }

    /// The words of each command: a `;` that stands alone and unquoted begins another one.
    static func split(_ text: String) throws(Malformed) -> [[String]] {
        var splitter = Splitter(rest: Array(text.utf8)[...])
        return try splitter.commands()
    }

    /// The text that a word comes to whatever the unit's name and environment are: `%%` is `%` and `$$` is `$`.
    ///
    /// Nil when it depends on them.
    static func literal(_ word: String) -> String? {
        var literal = String.UnicodeScalarView()
        var rest = word.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "%" || scalar == "$" { guard rest.popFirst() == scalar else { return nil } }
            literal.append(scalar)
        }
        return String(literal)
    }
}

/// Reads words off the front of a text, byte by byte: all that has a meaning is ASCII, and no byte of a longer
/// character looks like it.
private struct Splitter {
    var rest: ArraySlice<UInt8>

    private static let blanks = Set(" \t\n\r".utf8)

    mutating func commands() throws(CommandLine.Malformed) -> [[String]] {
        var commands: [[String]] = [[]]
        while true {
            rest = rest.drop { Self.blanks.contains($0) }
            if rest.isEmpty { return commands }
            if takeAlone(";") {
                commands.append([])
            } else {
                commands[commands.count - 1].append(takeAlone("\\;") ? ";" : try word())
            }
        }
    }

    /// Takes `text` if it is the next word, written just so.
    private mutating func takeAlone(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        let after = rest.dropFirst(text.utf8.count)
        guard after.first.map({ Self.blanks.contains($0) }) ?? true else { return false }
        rest = after
        return true
    }

    private mutating func word() throws(CommandLine.Malformed) -> String {
        var bytes: [UInt8] = []
        var quote: UInt8?
        while let byte = rest.first {
            if quote == nil, Self.blanks.contains(byte) { break }
            rest.removeFirst()
            switch byte {
            case UInt8(ascii: "\\"): bytes += try escaped()
            case quote: quote = nil
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if quote == nil { quote = byte } else { bytes.append(byte) }
            default: bytes.append(byte)
            }
        }
        guard quote == nil else { throw CommandLine.Malformed(reason: "a quote is not closed") }
        guard let word = String(validating: bytes, as: UTF8.self) else {
            throw CommandLine.Malformed(reason: "a word is no UTF-8")
        }
        return word
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "t"): 9, UInt8(ascii: "n"): 10, UInt8(ascii: "v"): 11,
        UInt8(ascii: "f"): 12, UInt8(ascii: "r"): 13, UInt8(ascii: "s"): 32, UInt8(ascii: "\\"): 92,
        UInt8(ascii: "\""): 34, UInt8(ascii: "'"): 39,
    ]

    /// What an escape stands for, when its backslash is taken.
    ///
    /// systemd keeps an unknown one as it is, with a warning. Here it is refused: who checks should not have to guess.
    private mutating func escaped() throws(CommandLine.Malformed) -> [UInt8] {
        guard let kind = rest.popFirst() else { throw CommandLine.Malformed(reason: "it ends with a backslash") }
        if let byte = Self.escapes[kind] { return [byte] }
        switch kind {
        case UInt8(ascii: "x"): return [UInt8(truncatingIfNeeded: try number(digits: 2, radix: 16))]
        case UInt8(ascii: "u"): return try scalar(number(digits: 4, radix: 16))
        case UInt8(ascii: "U"): return try scalar(number(digits: 8, radix: 16))
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            rest = [kind] + rest
            return [UInt8(truncatingIfNeeded: try number(digits: 3, radix: 8))]
        default: throw CommandLine.Malformed(reason: "it has an unknown escape")
        }
    }

    private func scalar(_ number: UInt32) throws(CommandLine.Malformed) -> [UInt8] {
        guard let scalar = Unicode.Scalar(number) else {
            throw CommandLine.Malformed(reason: "an escape is no character")
        }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func number(digits: Int, radix: Int) throws(CommandLine.Malformed) -> UInt32 {
        let text = rest.prefix(digits)
        rest = rest.dropFirst(digits)
        guard text.count == digits, text.allSatisfy({ $0.isHexDigit }),
            let number = UInt32(String(decoding: text, as: UTF8.self), radix: radix), number != 0
        else { throw CommandLine.Malformed(reason: "an escape lacks its digits") }
        return number
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { Character(Unicode.Scalar(self)).isHexDigit && self < 128 }
}
