/// A value of a document, and where it stands.
struct DocumentNode {
    var value: Value
    /// Where the value begins.
    var position: SourcePosition

    /// The kinds of values that the platform's documents have.
    indirect enum Value {
        case string(String)
        case integer(Int)
        case boolean(Bool)
        case array([DocumentNode])
        case table([Member])
        /// A value of a kind that no key takes, by the name of its kind.
        case other(String)
    }

    /// A key of a table with its value.
    struct Member {
        let key: String
        /// Where the key begins.
        var position: SourcePosition
        var node: DocumentNode
    }

    /// A table without keys.
    static func empty(at position: SourcePosition) -> DocumentNode {
        DocumentNode(value: .table([]), position: position)
    }

    /// What a message calls the value.
    var kind: String {
        switch value {
        case .string: "a text"
        case .integer: "a number"
        case .boolean: "true or false"
        case .array: "an array"
        case .table: "a table"
        case .other(let kind): kind
        }
    }

    /// Lays another document over this one: its keys count, tables are joined, all else is replaced as a whole.
    func overlaid(by other: DocumentNode) -> DocumentNode {
        guard case .table(var members) = value, case .table(let overrides) = other.value else { return other }
        for override in overrides {
            if let index = members.firstIndex(where: { $0.key == override.key }) {
                members[index].position = override.position
                members[index].node = members[index].node.overlaid(by: override.node)
            } else {
                members.append(override)
            }
        }
        return DocumentNode(value: .table(members), position: other.position)
    }
}
