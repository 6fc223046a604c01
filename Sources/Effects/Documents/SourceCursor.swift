/// What makes a text no TOML, or more of it than is taken.
struct SyntaxMistake: Error {
    let position: SourcePosition
    let message: String
}

/// Goes through a text scalar by scalar, and knows the line and column where it is.
struct SourceCursor {
    private let scalars: [Unicode.Scalar]
    private var offset = 0
    /// Where the cursor is.
    private(set) var position: SourcePosition

    /// Starts at the first character; a byte order mark is none.
    init(_ text: String, file: String) {
        let mark = text.unicodeScalars.first == "\u{FEFF}" ? 1 : 0
        scalars = Array(text.unicodeScalars.dropFirst(mark))
        position = .start(of: file)
    }

    /// The scalar at the cursor, nil at the end.
    var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    /// Steps over one scalar.
    mutating func advance() {
        guard let next else { return }
        offset += 1
        if next == "\n" {
            position.line += 1
            position.column = 1
        } else {
            position.column += 1
        }
    }

    /// Steps over `text` if it is what comes next.
    mutating func take(_ text: String) -> Bool {
        guard scalars[offset...].starts(with: text.unicodeScalars) else { return false }
        for _ in text.unicodeScalars { advance() }
        return true
    }

    /// Steps over `text`, which must be what comes next.
    mutating func expect(_ text: String, or message: String) throws(SyntaxMistake) {
        guard take(text) else { throw mistake(message) }
    }

    /// Steps over the scalars that fit, and returns them.
    @discardableResult
    mutating func take(while fits: (Unicode.Scalar) -> Bool) -> String {
        var taken = String.UnicodeScalarView()
        while let next, fits(next) {
            taken.append(next)
            advance()
        }
        return String(taken)
    }

    /// Steps over spaces and tabs.
    mutating func skipBlanks() { take { $0 == " " || $0 == "\t" } }

    /// Steps over what stands behind a statement: blanks, a comment, and the end of the line.
    mutating func endLine() throws(SyntaxMistake) {
        skipBlanks()
        if next == "#" { take { $0 != "\n" } }
        guard next == nil || take("\n") || take("\r\n") else {
            throw mistake("only a comment may stand here; each key has a line of its own")
        }
    }

    /// Steps over blanks, line ends and comments.
    mutating func skipEmptyLines() {
        while let next {
            switch next {
            case " ", "\t", "\r", "\n": advance()
            case "#": take { $0 != "\n" }
            default: return
            }
        }
    }

    /// A mistake at the cursor.
    func mistake(_ message: String) -> SyntaxMistake { SyntaxMistake(position: position, message: message) }
}
