/// Reads the typed keys of one table, remembers which ones it knows, and reports all others.
final class TableReader {
    /// Where the table lies in the document.
    let path: DocumentPath
    /// Where the table stands in the text.
    let position: SourcePosition
    /// The keys with their values, in the order of the text.
    let members: [DocumentNode.Member]
    private let mistakes: MistakeList
    private var known: [String] = []
    private var knowsAllKeys = false
    private var required: [(key: String, message: String)] = []

    /// Reads a table; what is no table is a mistake, and reads as an empty one.
    private init(_ node: DocumentNode, path: DocumentPath, position: SourcePosition, mistakes: MistakeList) {
        self.path = path
        self.position = position
        self.mistakes = mistakes
        if case .table(let members) = node.value {
            self.members = members
        } else {
            members = []
            let name = path.description
            mistakes.add(node.position, at: path, "this is \(node.kind); it must be a table, as in [\(name)]")
        }
    }

    /// Reads a whole document, and then reports the keys that `body` did not ask for.
    static func read(_ root: DocumentNode, mistakes: MistakeList, _ body: (TableReader) -> Void) {
        let reader = TableReader(root, path: DocumentPath(), position: root.position, mistakes: mistakes)
        body(reader)
        reader.reportUnknownKeys()
    }

    /// Reads the table of a key, an empty one where there is none, and then reports the keys that `body` did not ask for.
    func table(_ key: String, _ body: (TableReader) -> Void) {
        let member = member(key)
        let node = member?.node ?? .empty(at: position)
        let reader = TableReader(
            node, path: path.key(key), position: member?.position ?? position, mistakes: mistakes)
        body(reader)
        // What is no table has been reported. Its keys are not missing, it is wrong as a whole.
        if case .table = node.value { reader.reportUnknownKeys() }
    }

    /// A key and its value, if it is there.
    func member(_ key: String) -> DocumentNode.Member? {
        if !known.contains(key) { known.append(key) }
        return members.first { $0.key == key }
    }

    /// The value of a key; nil where there is none, or none that is right.
    func read<Value>(_ key: String, _ parser: ValueParser<Value>) -> Value? {
        guard let member = member(key) else { return nil }
        return parse(member.node, of: key, parser)
    }

    /// The right values among the elements of a key's array, and where each stands.
    func list<Value>(
        _ key: String, most: Int, _ parser: ValueParser<Value>
    ) -> [(value: Value, position: SourcePosition)] {
        guard let member = member(key) else { return [] }
        guard case .array(let elements) = member.node.value else {
            report(member.node.position, key, "this is \(member.node.kind); it must be an array, as in [\"…\", \"…\"]")
            return []
        }
        if elements.count > most {
            report(elements[most].position, key, "there may be at most \(most); this is one too many")
        }
        return elements.prefix(most).compactMap { element in
            parse(element, of: key, parser).map { ($0, element.position) }
        }
    }

    /// Has a missing key reported, unless it is there by a mistyped name, which is reported anyway.
    func require(_ key: String, _ message: String) { required.append((key, message)) }

    /// Notes a mistake at a key of this table, or with no key at the table itself.
    func report(_ position: SourcePosition, _ key: String?, _ message: String) {
        mistakes.add(position, at: key.map { path.key($0) } ?? path, message)
    }

    /// The keys of a table whose keys are names of the author's own, at most `most`; `what` says what there may be so many of.
    func ownMembers(most: Int, _ what: String) -> ArraySlice<DocumentNode.Member> {
        knowAllKeys()
        if members.count > most {
            report(members[most].position, nil, "there may be at most \(most) \(what); this is one too many")
        }
        return members.prefix(most)
    }

    /// Takes every key as known: those of a table whose keys are names of the author's own.
    func knowAllKeys() { knowsAllKeys = true }

    /// The value of a node of this table; nil where it is wrong, which is reported.
    func parse<Value>(_ node: DocumentNode, of key: String, _ parser: ValueParser<Value>) -> Value? {
        do throws(ValueMistake) {
            return try parser.parse(node)
        } catch {
            report(node.position, key, error.message)
            return nil
        }
    }

    private func reportUnknownKeys() {
        let written = Set(members.map(\.key))
        var meant: Set<String> = []
        for member in members where !knowsAllKeys && !known.contains(member.key) {
            if let suggestion = Suggestion.nearest(to: member.key, among: known) {
                meant.insert(suggestion)
                report(member.position, member.key, "this key is unknown; did you mean \(suggestion)?")
            } else {
                report(member.position, member.key, "this key is unknown; known here: \(known.joined(separator: ", "))")
            }
        }
        for (key, message) in required where !written.contains(key) && !meant.contains(key) {
            report(position, key, message)
        }
    }
}
