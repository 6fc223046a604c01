/// Everything that is wrong with the agent's settings.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The mistakes by file and line, at least one.
    public let mistakes: [Mistake]

    /// One mistake of a file.
    public struct Mistake: Hashable, Sendable, CustomStringConvertible {
        /// The file's path.
        public let file: String
        /// The line, from 1; 0 when it is about the whole file.
        public let line: Int
        /// The column in characters, from 1; 0 when it is about the whole file.
        public let column: Int
        /// The key with dots, `caddy.hold`; empty for a mistake of syntax or of the whole file.
        public let key: String
        /// What is wrong, and what would be right.
        public let message: String

        /// `FILE:LINE:COL: key: message`, as compilers write it.
        public var description: String {
            (line > 0 ? "\(file):\(line):\(column): " : "\(file): ") + (key.isEmpty ? message : "\(key): \(message)")
        }
    }

    init(_ list: MistakeList) {
        mistakes = list.sorted.map {
            Mistake(
                file: $0.position.file, line: $0.position.line, column: $0.position.column, key: $0.key.description,
                message: $0.message)
        }
    }

    /// One mistake a line.
    public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
