import TussilagoTestKit

/// The text of a manifest as somebody would write it who means harm, valid TOML as a rule.
enum HostileManifest {
    /// One process, so that each manifest is one unit; what is not said is said by the defaults.
    static func text(_ random: inout SeededRandom) -> String {
        var lines: [String] = []
        if random.oneIn(3) {
            lines.append("hostnames = [\(string(random.oneIn(4) ? HostileText.any(&random) : "a.example.org"))]")
        }
        if random.oneIn(3) { lines.append("drain = \"\(Int.random(in: 0...20, using: &random))s\"") }
        lines.append("[environment]")
        for number in 0..<Int.random(in: 0...2, using: &random) {
            let name = random.oneIn(6) ? HostileText.any(&random) : "NAME_\(number)"
            lines.append("\(string(name)) = \(string(HostileText.any(&random)))")
        }
        lines.append("[processes.web]")
        var words = [random.oneIn(4) ? HostileText.any(&random) : "python3"]
        for _ in 0..<Int.random(in: 0...5, using: &random) { words.append(HostileText.any(&random)) }
        lines.append("command = [\(words.map(string).joined(separator: ", "))]")
        if random.oneIn(2) {
            let path = random.oneIn(3) ? HostileText.any(&random) : "/health?a=1&b=2"
            lines.append("health = { path = \(string(random.oneIn(2) ? path : "/health")), timeout = \"9s\" }")
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0...2: lines.append("ingress = { port = \(Int.random(in: 1...65_535, using: &random)) }")
        case 3...5: lines.append("ingress = \"socket\"")
        case 6: lines.append("ingress = \(string(HostileText.any(&random)))")
        case 7...8:
            lines.append("ingress = \"none\"")
            if random.oneIn(3) {
                lines.append("schedule = \(string(random.oneIn(2) ? HostileText.any(&random) : "Mon..Fri 08:00"))")
            } else if random.oneIn(2) {
                lines.append("steady = \"\(Int.random(in: 0...9, using: &random))s\"")
            }
        default: break
        }
        if random.oneIn(3) {
            let size = Int.random(in: 48...900, using: &random)
            lines.append("limits = { memory = \"\(size)M\", tasks = \(size), cpu = \"\(size)%\" }")
        }
        if random.oneIn(12) {
            lines.append("\(string(HostileText.any(&random))) = \(string(HostileText.any(&random)))")
        }
        if random.oneIn(16) {
            lines.append("[static]")
            let path = random.oneIn(4) ? HostileText.any(&random) : "/static/"
            lines.append("\(string(path)) = \(string(random.oneIn(4) ? HostileText.any(&random) : "out/static"))")
        }
        if random.oneIn(4) {
            lines.append("[sandbox]")
            lines.append("shared-memory = \"\(Int.random(in: 60...2000, using: &random))K\"")
            lines.append("stop = \(string(random.oneIn(24) ? HostileText.any(&random) : "7s"))")
            lines.append("log-lines = \(Int.random(in: 1...9_000, using: &random))")
        }
        if random.oneIn(8) {
            lines.append("[services.\(string(random.oneIn(2) ? HostileText.any(&random) : "db"))]")
            lines.append("type = \(string(random.oneIn(2) ? HostileText.any(&random) : "postgres"))")
            lines.append("extensions = [\(string(random.oneIn(2) ? HostileText.any(&random) : "citext"))]")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A basic string of TOML 1.0, with its escapes: any text gets to the reader of manifests as it is.
    private static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<"\u{20}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
