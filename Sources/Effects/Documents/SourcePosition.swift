/// A place in a text, as an editor shows it.
struct SourcePosition: Hashable, Sendable, Comparable {
    /// The file, empty for a text that came without one.
    var file: String
    /// The line, from 1; 0 when a mistake is about the whole file.
    var line: Int
    /// The column, from 1, in Unicode scalars.
    var column: Int

    /// The first character of a text.
    static func start(of file: String) -> SourcePosition { SourcePosition(file: file, line: 1, column: 1) }

    static func < (left: Self, right: Self) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
