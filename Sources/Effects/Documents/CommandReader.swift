internal import TussilagoCore

/// Reads commands of a manifest: a program and its arguments, as an array of texts or as one text.
enum CommandReader {
    /// The most arguments of a command.
    static let most = 1024

    /// The command of a key; nil where there is none, and without its arguments where it is wrong.
    static func command(_ reader: TableReader, _ key: String) -> [CommandArgument]? {
        guard let node = reader.member(key)?.node else { return nil }
        return command(node, reader, key)
    }

    /// The commands of a key's array.
    static func commands(_ reader: TableReader, _ key: String, most: Int) -> [[CommandArgument]] {
        guard let member = reader.member(key) else { return [] }
        guard case .array(let elements) = member.node.value else {
            let rule = "it must be an array of commands, as in [\"python3 manage.py collectstatic --noinput\"]"
            reader.report(member.node.position, key, "this is \(member.node.kind); \(rule)")
            return []
        }
        if elements.count > most {
            reader.report(elements[most].position, key, "there may be at most \(most); this is one too many")
        }
        return elements.prefix(most).map { command($0, reader, key) }
    }

    private static func command(_ node: DocumentNode, _ reader: TableReader, _ key: String) -> [CommandArgument] {
        let arguments: [CommandArgument]
        let hasProgram: Bool
        switch node.value {
        case .string:
            let parser = ValueParser.text("\"python3 app.py\"") { text throws(InvalidValue) in
                try CommandText(text).arguments
            }
            guard let parsed = reader.parse(node, of: key, parser) else { return [] }
            if parsed.count > most { reader.report(node.position, key, "there may be at most \(most) arguments") }
            arguments = parsed
            hasProgram = parsed.first?.text.isEmpty == false
        case .array(let elements):
            let parser = ValueParser.text("\"-u\"") { text throws(InvalidValue) in try CommandArgument(text) }
            if elements.count > most {
                reader.report(elements[most].position, key, "there may be at most \(most); this is one too many")
            }
            arguments = elements.prefix(most).compactMap { reader.parse($0, of: key, parser) }
            hasProgram = !elements.isEmpty && arguments.first?.text.isEmpty != true
        default:
            let rule = "it must be an array of texts, as in [\"python3\", \"app.py\"]"
            reader.report(node.position, key, "this is \(node.kind); \(rule)")
            return []
        }
        if !hasProgram {
            reader.report(node.position, key, "the program is missing; its name or path is the first argument")
        }
        return arguments
    }
}
