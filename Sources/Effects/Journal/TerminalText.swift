internal import TussilagoCore

/// Makes text of unknown origin fit to be shown on a terminal.
enum TerminalText {
    /// Where in an escape sequence of ECMA-48 a reader stands.
    private enum Place {
        case text, escape, control, string
    }

    /// The text as one line: without escape sequences, without control characters, tabs as spaces, and cut.
    static func clean(_ text: some StringProtocol, limit: Int) -> String {
        var clean = String.UnicodeScalarView()
        var place = Place.text
        for scalar in text.unicodeScalars {
            switch (place, scalar) {
            case (.text, "\u{1B}"), (.control, "\u{1B}"), (.string, "\u{1B}"), (.escape, "\u{1B}"): place = .escape
            case (.text, "\u{9B}"): place = .control
            case (.text, "\t"): clean.append(" ")
            case (.text, _): if !scalar.isControl { clean.append(scalar) }
            case (.escape, "["): place = .control
            // Strings of their own: titles, colours, links. They end with BEL or with ESC and a backslash.
            case (.escape, "]"), (.escape, "P"), (.escape, "X"), (.escape, "^"), (.escape, "_"): place = .string
            case (.escape, " "..."/"): break
            case (.escape, _): place = .text
            case (.control, "@"..."~"): place = .text
            case (.control, _): break
            case (.string, "\u{07}"), (.string, "\u{9C}"): place = .text
            case (.string, _): break
            }
        }
        return String(String(clean).prefix(limit))
    }
}
