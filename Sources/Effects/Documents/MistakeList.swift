internal import TussilagoCore

/// Gathers what is wrong with a text, so that its author reads of all of it at once.
final class MistakeList {
    /// One mistake and where it is.
    struct Entry {
        let position: SourcePosition
        let key: DocumentPath
        let message: String
    }

    /// The mistakes in the order in which they were found.
    private(set) var entries: [Entry] = []
    private var further = 0

    /// The most that is kept: a text of 64 KiB has room for thousands, and the list is an answer of the API.
    static let limit = 200
    private static let longestText = 600

    var isEmpty: Bool { entries.isEmpty }

    /// Writes a mistake down.
    ///
    /// The text may be quoted in it: what could mislead a terminal is replaced.
    func add(_ position: SourcePosition, at key: DocumentPath = DocumentPath(), _ message: String) {
        guard entries.count < Self.limit else {
            further += 1
            return
        }
        entries.append(Entry(position: position, key: key, message: Self.printable(message)))
    }

    /// The mistakes in the order of the text, and at the end how many more there are.
    var sorted: [Entry] {
        var sorted = entries.enumerated()
            .sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }.map(\.element)
        if further > 0, let last = sorted.last {
            let message = "\(further) more mistakes are not listed"
            sorted.append(Entry(position: last.position, key: DocumentPath(), message: message))
        }
        return sorted
    }

    /// What a manifest's reader answers with.
    var documentErrors: DocumentErrors {
        DocumentErrors(
            sorted.map {
                .init(line: $0.position.line, column: $0.position.column, key: $0.key.description, message: $0.message)
            })
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestText).map { $0.isControl ? "\u{FFFD}" : $0 }))
    }
}
