import Documents
import FoundationEssentials
import Testing
import TussilagoCore

/// docs/manifest.md, held against the parser: what the page says of a key is what the parser takes.
@Suite struct ManifestPageTests {
    /// One key as the page has it.
    struct Row {
        let table: String
        let key: String
        let bounds: String
        let fallback: String
        let example: String
    }

    let rows: [Row]

    init() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = String(decoding: try Data(contentsOf: top.appending(path: "docs/manifest.md")), as: UTF8.self)
        var table = "", rows: [Row] = []
        for line in page.split(separator: "\n") {
            if line.hasPrefix("#") { table = String(line.drop { "# `[".contains($0) }.prefix { !"`]".contains($0) }) }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(Self.plain)
            guard line.hasPrefix("| `"), cells.count == 7 else { continue }
            rows.append(
                Row(table: table, key: cells[1], bounds: cells[2], fallback: cells[3], example: cells[4]))
        }
        self.rows = rows
    }

    /// A cell without the white space around it and, if it is all code, without its quotes.
    private static func plain(_ cell: Substring) -> String {
        let text = cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        guard text.count > 2, text.first == "`", text.last == "`",
            text.dropFirst().dropLast().firstIndex(of: "`") == nil
        else { return String(text) }
        return String(text.dropFirst().dropLast())
    }

    /// A manifest in which a key of a table is set, with all that it needs beside it; nil leaves the key out.
    private static func manifest(_ table: String, _ key: String, _ value: String?) -> String {
        let line = value.map { "\(key) = \($0)\n" } ?? "", web = "[processes.web]\ncommand = \"a\"\n"
        switch table {
        case "Top level": return key == "processes" ? line : line + web
        case "python", "limits", "sandbox": return "\(web)[\(table)]\n\(line)"
        case "services.NAME": return "\(web)[services.db]\n\(key == "type" ? "" : "type = \"postgres\"\n")\(line)"
        case "ingress", "health": return "\(web)\(table) = { \(line.dropLast()) }\n"
        default:
            switch key {
            case "command": return "[processes.web]\n\(line)"
            case "steady", "schedule": return "[processes.job]\ncommand = \"a\"\n\(line)"
            case "timeout": return "[processes.job]\ncommand = \"a\"\nschedule = \"daily\"\n\(line)"
            default: return web + line
            }
        }
    }

    private static func parsed(_ row: Row, _ value: String?) -> Result<ParsedManifest, DocumentErrors> {
        TOMLManifestReader().manifest(manifest(row.table, row.key, value))
    }

    @Test("The page has every key that the parser knows, and no other")
    func keys() throws {
        let unknown = "qqqqqqqqqqqqqqqq", opening = "known here: "
        let tables = [
            "Top level", "python", "services.NAME", "sandbox", "limits", "processes.NAME", "ingress", "health",
        ]
        #expect(Set(rows.map(\.table)) == Set(tables))
        for table in tables {
            guard case .failure(let errors) = TOMLManifestReader().manifest(Self.manifest(table, unknown, "1")) else {
                Issue.record("\(table) takes an unknown key")
                continue
            }
            let message = try #require(errors.mistakes.first { $0.key.hasSuffix(unknown) }?.message, "\(table)")
            let known = try #require(message.firstRange(of: opening), "\(message)")
            let keys = message[known.upperBound...].split(separator: ",").map { String($0.drop { $0 == " " }) }
            let documented = rows.filter { $0.table == table }.map(\.key)
            #expect(documented.sorted() == keys.sorted(), "\(table)")
        }
    }

    @Test("Every example is taken, and every default means the same as nothing")
    func values() throws {
        for row in rows {
            #expect(throws: Never.self, "\(row.table) \(row.key) = \(row.example)") {
                try Self.parsed(row, row.example).get()
            }
            guard !row.fallback.isEmpty, row.fallback != "required" else { continue }
            let silent = try Self.parsed(row, nil).get(), said = try Self.parsed(row, row.fallback).get()
            #expect(Self.meaning(silent) == Self.meaning(said), "\(row.table) \(row.key) = \(row.fallback)")
        }
        for row in rows where row.fallback == "required" {
            guard case .failure = Self.parsed(row, nil) else {
                Issue.record("\(row.table) \(row.key) is not required")
                continue
            }
        }
    }

    /// A manifest with what it does not say said.
    private static func meaning(_ parsed: ParsedManifest) -> Manifest {
        var manifest = parsed.manifest
        for index in manifest.processes.indices {
            let process = manifest.processes[index]
            manifest.processes[index].steadySeconds =
                process.steadySeconds ?? ProcessSpecification.usualSteadySeconds
            manifest.processes[index].runSeconds = process.runSeconds ?? ProcessSpecification.usualRunSeconds
        }
        return manifest
    }

    @Test("Both bounds are taken, and what lies beyond them is refused")
    func bounds() throws {
        var count = 0
        for row in rows {
            let words = row.bounds.split(separator: " ")
            guard let to = words.firstIndex(of: "to"), to > 0, to + 1 < words.count, !row.bounds.hasPrefix("table"),
                let least = Quantity(words[to - 1]), let most = Quantity(words[to + 1])
            else { continue }
            count += 1
            for quantity in [least, most] {
                #expect(throws: Never.self, "\(row.key) = \(quantity.text)") {
                    try Self.parsed(row, quantity.text).get()
                }
            }
            for beyond in [least.number > 0 ? least.plus(-1) : nil, most.plus(1)].compactMap(\.self) {
                guard case .failure = Self.parsed(row, beyond.text) else {
                    Issue.record("\(row.table) \(row.key) = \(beyond.text) is taken")
                    continue
                }
            }
        }
        #expect(count >= 11, "the bounds of only \(count) keys were found")
    }

    /// A number with its unit, as the page has bounds: `64M`, `6400%`, `300s`, `16`.
    struct Quantity {
        var number: Int
        let unit: String

        init?(_ word: Substring) {
            let digits = word.prefix { $0.isNumber }
            guard let number = Int(digits) else { return nil }
            let unit = String(word.dropFirst(digits.count))
            let mebibytes = ["G": 1 << 10, "T": 1 << 20]
            self.number = number * (mebibytes[unit] ?? 1)
            self.unit = mebibytes[unit] == nil ? unit : "M"
        }

        var text: String { unit.isEmpty ? "\(number)" : "\"\(number)\(unit)\"" }

        func plus(_ difference: Int) -> Quantity {
            var other = self
            other.number += difference
            return other
        }
    }
}
