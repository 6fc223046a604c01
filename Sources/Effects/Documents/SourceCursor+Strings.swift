/// The four kinds of strings (https://toml.io/en/v1.0.0#string).
extension SourceCursor {
    /// Steps over a string of any kind, and returns its text.
    mutating func string() throws(SyntaxMistake) -> String {
        let start = position
        for quote: Unicode.Scalar in ["\"", "'"] where take("\(quote)\(quote)\(quote)") {
            return try multilineString(quote, start)
        }
        return try quoted()
    }

    /// Steps over a string of one line, and returns its text.
    mutating func quoted() throws(SyntaxMistake) -> String {
        let isLiteral = next == "'"
        let quote: Unicode.Scalar = isLiteral ? "'" : "\""
        advance()
        var text = String.UnicodeScalarView()
        while let next, next != "\n", next != "\r" {
            if next == quote {
                advance()
                return String(text)
            }
            if next == "\\", !isLiteral {
                text.append(try escape())
            } else {
                text.append(next)
                advance()
            }
        }
        throw mistake("the closing quote is missing")
    }

    private mutating func multilineString(
        _ quote: Unicode.Scalar, _ start: SourcePosition
    ) throws(SyntaxMistake) -> String {
        let one = String(quote), three = "\(quote)\(quote)\(quote)"
        var text = String.UnicodeScalarView()
        // A line end right behind the quotes is not part of the text.
        if !take("\n") { _ = take("\r\n") }
        while let next {
            if take(three) {
                // Up to two quotes that belong to the text may stand before the three that end it.
                for _ in 0..<2 where take(one) { text.append(quote) }
                return String(text)
            }
            if next == "\\", quote == "\"" {
                if let scalar = try escapeOrLineEnd() { text.append(scalar) }
            } else if take("\r\n") {
                text.append("\n")
            } else {
                text.append(next)
                advance()
            }
        }
        throw SyntaxMistake(position: start, message: "this text is not closed; its closing \(three) is missing")
    }

    /// Steps over an escape, or a backslash that joins its line to the next text.
    private mutating func escapeOrLineEnd() throws(SyntaxMistake) -> Unicode.Scalar? {
        let backslash = self
        advance()
        skipBlanks()
        guard next == "\n" || next == "\r" else {
            self = backslash
            return try escape()
        }
        take { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
        return nil
    }

    /// Steps over an escape, and returns what it stands for.
    private mutating func escape() throws(SyntaxMistake) -> Unicode.Scalar {
        let start = position
        advance()
        let kind = next
        advance()
        switch kind {
        case "b": return "\u{8}"
        case "t": return "\t"
        case "n": return "\n"
        case "f": return "\u{C}"
        case "r": return "\r"
        case "\"": return "\""
        case "\\": return "\\"
        case "u": return try scalar(digits: 4, start)
        case "U": return try scalar(digits: 8, start)
        default:
            let mend = "write \\\\ for a backslash, or put the text in '…'"
            throw SyntaxMistake(position: start, message: "this escape is unknown; \(mend)")
        }
    }

    private mutating func scalar(digits: Int, _ start: SourcePosition) throws(SyntaxMistake) -> Unicode.Scalar {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let next, next.isASCII, let digit = Character(next).hexDigitValue else {
                throw mistake("this escape needs \(digits) hexadecimal digits")
            }
            // Eight digits are 32 bits.
            number = number << 4 | UInt32(digit)
            advance()
        }
        guard let scalar = Unicode.Scalar(number) else {
            throw SyntaxMistake(position: start, message: "there is no such character")
        }
        return scalar
    }
}
