/// A text that is not the value it was meant to be.
///
/// Every name of the platform is parsed once, at the edge, by a throwing initialiser; what is inside is always valid.
public struct InvalidValue: Error, Equatable, Sendable, CustomStringConvertible {
    /// What the text should have been: "tenant name", "hostname".
    public let expected: String
    /// What was given, cut to 80 characters and without control characters, so that it can be shown.
    public let given: String
    /// The rule that it breaks.
    public let rule: String

    /// Describes why `given` is not what was `expected`.
    public init(_ expected: String, given: some StringProtocol, rule: String) {
        self.expected = expected
        self.given = String(given.unicodeScalars.prefix(80).map { $0.isControl ? "\u{FFFD}" : Character($0) })
        self.rule = rule
    }

    public var description: String { "\"\(given)\" is not a valid \(expected): \(rule)" }
}

extension Unicode.Scalar {
    /// Controls, format characters and line separators: never part of a text that reaches a unit file or a terminal.
    ///
    /// U+0085, U+2028 and U+2029 are among them: parsers disagree on whether they end a line.
    package var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
