/// Reads TOML 1.0 (https://toml.io/en/v1.0.0) into a tree of values that know where they stand.
///
/// A manifest is a stranger's text in a process that must not end: each loop takes something from the text, and nesting and
/// the number of values are bounded. Dates and times are told from other values and not looked into, since no key takes any.
struct TOMLParser {
    /// The deepest that a value may lie.
    static let deepest = 32
    /// The most values that a text may have.
    static let mostValues = 4096

    private var cursor: SourceCursor
    private var values = 0

    /// Reads a text; nil, and a mistake in `mistakes`, when it is no TOML or more of it than is taken.
    static func parse(_ text: String, file: String = "", into mistakes: MistakeList) -> DocumentNode? {
        do throws(SyntaxMistake) {
            try SourceText.check(text, file: file)
            var parser = TOMLParser(cursor: SourceCursor(text, file: file))
            return try parser.document()
        } catch {
            mistakes.add(error.position, error.message)
            return nil
        }
    }

    private init(cursor: SourceCursor) { self.cursor = cursor }

    private mutating func document() throws(SyntaxMistake) -> DocumentNode {
        let root = OpenTable(at: cursor.position, depth: 0, .header)
        var table = root
        while true {
            cursor.skipEmptyLines()
            guard let next = cursor.next else { return root.node }
            if next == "[" {
                table = try header(in: root)
            } else {
                try statement(in: table)
            }
            try cursor.endLine()
        }
    }

    /// `[a.b]` or `[[a.b]]`: the table that the lines below it belong to.
    private mutating func header(in root: OpenTable) throws(SyntaxMistake) -> OpenTable {
        let start = cursor.position
        _ = cursor.take("[")
        let bracket = cursor.take("[") ? "]]" : "]"
        var (parents, last) = try dottedKey()
        try cursor.expect(bracket, or: "the closing \(bracket) is missing")
        var table = root
        while !parents.isEmpty { table = try table.parent(parents.removeFirst()) }
        let opened = bracket == "]" ? try table.open(last, at: start) : try table.append(last, at: start)
        try count(opened.depth, at: last.position)
        return opened
    }

    /// `a.b = value`.
    private mutating func statement(in table: OpenTable) throws(SyntaxMistake) {
        var (parents, last) = try dottedKey()
        try cursor.expect("=", or: "a key is followed by = and its value, as in name = \"value\"")
        var table = table
        while !parents.isEmpty { table = try table.dotted(parents.removeFirst()) }
        // Before the value: a mistake within it stands further on in the text.
        try table.checkIsNew(last)
        cursor.skipBlanks()
        table.set(last, try value(depth: table.depth + 1))
    }

    /// One or more keys with dots between them, and the blanks around.
    private mutating func dottedKey() throws(SyntaxMistake) -> (parents: [OpenTable.Key], last: OpenTable.Key) {
        var parents: [OpenTable.Key] = []
        while true {
            cursor.skipBlanks()
            let position = cursor.position
            let key = OpenTable.Key(text: try key(), position: position)
            cursor.skipBlanks()
            guard cursor.take(".") else { return (parents, key) }
            parents.append(key)
            try count(parents.count, at: position)
        }
    }

    private mutating func key() throws(SyntaxMistake) -> String {
        if cursor.next == "\"" || cursor.next == "'" { return try cursor.quoted() }
        let key = cursor.take { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
            default: false
            }
        }
        guard !key.isEmpty else {
            throw cursor.mistake("a key must stand here: letters, digits, - and _, or a text in quotes")
        }
        return key
    }

    private mutating func value(depth: Int) throws(SyntaxMistake) -> DocumentNode {
        let position = cursor.position
        try count(depth, at: position)
        let value: DocumentNode.Value
        switch cursor.next {
        case "[": value = .array(try array(depth: depth))
        case "{": return try inlineTable(depth: depth)
        case "\"", "'": value = .string(try cursor.string())
        default: value = try cursor.plainValue()
        }
        return DocumentNode(value: value, position: position)
    }

    private mutating func array(depth: Int) throws(SyntaxMistake) -> [DocumentNode] {
        _ = cursor.take("[")
        cursor.skipEmptyLines()
        var elements: [DocumentNode] = []
        while !cursor.take("]") {
            elements.append(try value(depth: depth + 1))
            cursor.skipEmptyLines()
            guard cursor.take(",") || cursor.next == "]" else {
                throw cursor.mistake("a comma or the closing ] is missing")
            }
            cursor.skipEmptyLines()
        }
        return elements
    }

    private mutating func inlineTable(depth: Int) throws(SyntaxMistake) -> DocumentNode {
        let table = OpenTable(at: cursor.position, depth: depth, .dotted)
        _ = cursor.take("{")
        cursor.skipBlanks()
        while !cursor.take("}") {
            try statement(in: table)
            cursor.skipBlanks()
            if cursor.next == "}" { continue }
            guard cursor.take(",") else {
                throw cursor.mistake("a comma or the closing } is missing; an inline table stands on one line")
            }
            cursor.skipBlanks()
            guard cursor.next != "}" else { throw cursor.mistake("no comma may stand before the closing }") }
        }
        return table.node
    }

    /// Counts a value, and refuses it where there are too many or it lies too deep.
    private mutating func count(_ depth: Int, at position: SourcePosition) throws(SyntaxMistake) {
        values += 1
        if values > Self.mostValues {
            throw SyntaxMistake(position: position, message: "a text may have at most \(Self.mostValues) values")
        }
        if depth > Self.deepest {
            let message = "tables and arrays may lie at most \(Self.deepest) deep in one another"
            throw SyntaxMistake(position: position, message: message)
        }
    }
}
