import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

/// Where results go: standard output, as text for people or JSON for programs.
struct Output {
    let json: Bool
    /// Whether nothing is printed: of what is done on the way to a result.
    var quiet = false
    var style: Style { Style(descriptor: STDOUT_FILENO) }

    /// Prints a resource as JSON, or what `text` makes of it.
    func show<Value: Encodable>(_ value: Value, as text: (Value) -> String) throws {
        if json {
            line(String(decoding: try APICoding.encode(value), as: UTF8.self))
        } else {
            let text = text(value)
            if !text.isEmpty { line(text) }
        }
    }

    /// Prints one line at once, also into a pipe.
    func line(_ text: String) { if !quiet { Self.write(text + "\n", to: STDOUT_FILENO) } }

    static func standardError(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// What cannot be written is lost: whoever read it has gone.
    private static func write(_ text: String, to descriptor: CInt) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }

    /// Lines up columns; the last one may be as long as it is.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let last = column == row.count - 1
                line += last ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            return line
        }.joined(separator: "\n")
    }
}

/// Bold and colours, on a terminal that may have them (https://no-color.org).
struct Style {
    let enabled: Bool

    init(descriptor: CInt) {
        enabled =
            isatty(descriptor) == 1 && getenv("NO_COLOR") == nil && getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    func bold(_ text: String) -> String { wrap(text, "1") }
    func red(_ text: String) -> String { wrap(text, "1;31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func dim(_ text: String) -> String { wrap(text, "2") }

    private func wrap(_ text: String, _ code: String) -> String {
        enabled ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension Date {
    /// A time as people read it, in UTC.
    var readable: String { formatted(.iso8601.dateSeparator(.dash).dateTimeSeparator(.space)) }

    /// How long ago it was, in the one unit that fits.
    func ago(_ now: Date = Date()) -> String {
        let seconds = max(0, Int(now.timeIntervalSince(self)))
        return switch seconds {
        case 0..<60: "\(seconds) s ago"
        case 60..<3_600: "\(seconds / 60) min ago"
        case 3_600..<172_800: "\(seconds / 3_600) h ago"
        default: "\(seconds / 86_400) days ago"
        }
    }
}
