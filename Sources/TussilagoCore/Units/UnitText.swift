/// Builds the text of a unit file (systemd.syntax(7)), section by section.
///
/// A value is written literally unless it is one of the few that may hold specifiers: then the caller says so.
struct UnitText {
    private var lines: [String]

    init(comment: String) {
        lines = ["# \(comment)"]
    }

    mutating func section(_ name: String) {
        lines += ["", "[\(name)]"]
    }

    /// A line of the platform's own: `%` in it is a specifier.
    mutating func set(_ key: String, _ value: String) {
        lines.append("\(key)=\(value)")
    }

    mutating func set(_ pairs: [(key: String, value: String)]) {
        for pair in pairs { set(pair.key, pair.value) }
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    /// A text as one word of a command line: quoted, and with no specifier, variable or escape in it.
    ///
    /// systemd.service(5) "Command lines": `%%` is a percent sign, `$$` a dollar sign; in double quotes `\` escapes.
    /// Quadlet reads the same syntax and writes the words anew, so both must come to the same word; the tests hold
    /// the arguments that the real generator makes against the manifest.
    static func word(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\\""
            case "%": quoted += "%%"
            case "$": quoted += "$$"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }
}
