internal import TussilagoCore

/// The text of a command, split into its arguments.
///
/// Spaces separate, '…' and "…" hold together, and that is all. What only a shell gives a meaning is refused, so that
/// nobody takes the text for a shell's.
struct CommandText {
    /// The program and its arguments.
    let arguments: [CommandArgument]

    /// What a shell would act upon.
    private static let shellSyntax = ["|", "&", ";", "<", ">", "`", "$(", "\\"]

    /// Splits a text.
    init(_ text: String) throws(InvalidValue) {
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("command", given: text, rule: rule) }
        if let syntax = Self.shellSyntax.first(where: { text.unicodeScalars.contains($0.unicodeScalars) }) {
            throw refuse("it has \(syntax), but no shell reads this; use an array, as in [\"program\", \"argument\"]")
        }
        var arguments: [CommandArgument] = []
        var argument: String.UnicodeScalarView?
        var quote: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote: quote = nil
            case "'" where quote == nil, "\"" where quote == nil:
                quote = scalar
                argument = argument ?? .init()
            case " " where quote == nil, "\t" where quote == nil:
                if let argument { arguments.append(try CommandArgument(String(argument))) }
                argument = nil
            default: argument = (argument ?? .init()) + [scalar]
            }
        }
        guard quote == nil else { throw refuse("a quote is not closed") }
        if let argument { arguments.append(try CommandArgument(String(argument))) }
        self.arguments = arguments
    }
}
