/// What was found, as a manifest: what a deploy without one has, and what `tussilago init` writes.
extension Detection {
    /// The text of a whole manifest.
    public func manifest(hostnames: [Hostname] = []) -> String { head(hostnames: hostnames) + "\n" + tables() }

    /// What completes a manifest that has no processes: only what it lacks, since it counts before what was found.
    /// - Parameter keys: the keys at the top of what is there.
    public func completion(of text: String, keys: Set<String>, hostnames: [Hostname] = []) -> String {
        // Keys of the top must stand before any table.
        let top = head(hostnames: keys.contains("hostnames") ? [] : hostnames, release: !keys.contains("release"))
        let end = text.hasSuffix("\n") || text.isEmpty ? "" : "\n"
        return top + text + end + tables(except: keys)
    }

    private func head(hostnames: [Hostname], release: Bool = true) -> String {
        var lines: [String] = []
        if !hostnames.isEmpty { lines.append("hostnames = \(Self.list(hostnames.map(\.description)))") }
        if release, let command = self.release { lines.append("release = \(Self.list(command))") }
        return lines.map { $0 + "\n" }.joined()
    }

    private func tables(except keys: Set<String> = []) -> String {
        var lines: [String] = []
        if !keys.contains("python") {
            lines.append("[python]")
            if let version = build.version { lines.append("version = \(Self.text("\(version)"))") }
            if let file = build.requirements { lines.append("requirements = \(Self.text(file.path))") }
            if !build.packages.isEmpty { lines.append("packages = \(Self.list(build.packages.map(\.text)))") }
            if !build.commands.isEmpty {
                let commands = build.commands.map { Self.list($0.map(\.text)) }
                lines.append("build = [\(commands.joined(separator: ", "))]")
            }
            lines.append("")
        }
        if !keys.contains("static"), !staticPaths.isEmpty {
            lines.append("[static]")
            lines += staticPaths.map { "\(Self.text($0.prefix)) = \(Self.text($0.directory))" } + [""]
        }
        if !keys.contains("environment"), !environment.isEmpty {
            lines.append("[environment]")
            lines += environment.map { "\($0.name) = \(Self.text($0.value))" } + [""]
        }
        if !keys.contains("processes") {
            for (name, words) in processes {
                lines += ["[processes.\(name)]", "command = \(Self.list(words))"]
                if name == "web" {
                    if let port { lines.append("ingress = { port = \(port) }") }
                    lines.append("health = \(Self.text(health))")
                }
                lines.append("")
            }
        }
        return lines.dropLast().map { $0 + "\n" }.joined()
    }

    private static func list(_ texts: [String]) -> String { "[\(texts.map(text).joined(separator: ", "))]" }

    /// A basic string of TOML 1.0: quotes, backslashes and control characters are escaped.
    private static func text(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case let scalar where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
