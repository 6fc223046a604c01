/// A table while its document is being read: what may still be added to it, and by which form of writing.
///
/// TOML lets a table be defined once. What is written in one form, a header, a dotted key or braces, is not added to in
/// another; only tables that stand for nothing but the way to a deeper header are open to a header of their own.
final class OpenTable {
    /// A key where it stands.
    struct Key {
        let text: String
        let position: SourcePosition
    }

    /// How a table came to be.
    enum Origin {
        /// It is on the way to a header's table: `a` in `[a.b]`.
        case way
        /// It has a header: `[a]`.
        case header
        /// It is on the way to a dotted key's value, `a` in `a.b = 1`, or it is an inline table that is being read.
        case dotted
    }

    private enum Entry {
        case value(DocumentNode)
        case table(OpenTable)
        /// An array of tables, never empty; headers reach into its last.
        case tables([OpenTable])
    }

    /// How deep it lies; the root is at 0.
    let depth: Int
    private var position: SourcePosition
    private var origin: Origin
    private var keys: [Key] = []
    private var entries: [String: Entry] = [:]

    init(at position: SourcePosition, depth: Int, _ origin: Origin) {
        self.position = position
        self.depth = depth
        self.origin = origin
    }

    /// The finished table.
    var node: DocumentNode {
        let members = keys.compactMap { key -> DocumentNode.Member? in
            switch entries[key.text] {
            case .value(let node): .init(key: key.text, position: key.position, node: node)
            case .table(let table): .init(key: key.text, position: key.position, node: table.node)
            case .tables(let tables):
                .init(
                    key: key.text, position: key.position,
                    node: DocumentNode(value: .array(tables.map(\.node)), position: key.position))
            case nil: nil
            }
        }
        return DocumentNode(value: .table(members), position: position)
    }

    /// Refuses a key that is there already.
    func checkIsNew(_ key: Key) throws(SyntaxMistake) {
        guard entries[key.text] == nil else { throw twice(key) }
    }

    /// Gives a new key its value.
    func set(_ key: Key, _ node: DocumentNode) { enter(key, .value(node)) }

    /// The table that a header passes through.
    func parent(_ key: Key) throws(SyntaxMistake) -> OpenTable {
        switch entries[key.text] {
        case .table(let table): return table
        case .tables(let tables): if let last = tables.last { return last }
        case .value: throw twice(key)
        case nil: break
        }
        return enter(key, OpenTable(at: key.position, depth: depth + 1, .way))
    }

    /// The table that a dotted key passes through.
    func dotted(_ key: Key) throws(SyntaxMistake) -> OpenTable {
        switch entries[key.text] {
        case .table(let table) where table.origin == .dotted: return table
        case nil: return enter(key, OpenTable(at: key.position, depth: depth + 1, .dotted))
        default: throw twice(key)
        }
    }

    /// The table of a header.
    func open(_ key: Key, at start: SourcePosition) throws(SyntaxMistake) -> OpenTable {
        switch entries[key.text] {
        case .table(let table) where table.origin == .way:
            table.origin = .header
            table.position = start
            keys = keys.map { $0.text == key.text ? key : $0 }
            return table
        case nil: return enter(key, OpenTable(at: start, depth: depth + 1, .header))
        default: throw twice(key)
        }
    }

    /// One more table of an array of tables.
    func append(_ key: Key, at start: SourcePosition) throws(SyntaxMistake) -> OpenTable {
        let table = OpenTable(at: start, depth: depth + 2, .header)
        switch entries[key.text] {
        case .tables(let tables): entries[key.text] = .tables(tables + [table])
        case nil: enter(key, .tables([table]))
        default: throw twice(key)
        }
        return table
    }

    private func enter(_ key: Key, _ entry: Entry) {
        keys.append(key)
        entries[key.text] = entry
    }

    private func enter(_ key: Key, _ table: OpenTable) -> OpenTable {
        enter(key, .table(table))
        return table
    }

    private func twice(_ key: Key) -> SyntaxMistake {
        let line = keys.first { $0.text == key.text }?.position.line ?? key.position.line
        let message =
            "\(DocumentPath.written(key.text)) is there already, from line \(line); it may be defined only once"
        return SyntaxMistake(position: key.position, message: message)
    }
}
