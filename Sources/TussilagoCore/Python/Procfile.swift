extension Detection {
    /// Takes the processes of a Procfile, one a line: `web: gunicorn shop.wsgi --bind 0.0.0.0:$PORT`.
    mutating func readProcfile(_ project: ProjectFiles) throws(Question) {
        for line in project.text("Procfile").split(whereSeparator: \.isNewline) {
            let text = line.trimmed
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            guard let colon = text.firstIndex(of: ":") else { throw Self.unclear(text, "it is no NAME: COMMAND") }
            let name = text[..<colon].trimmed, command = text[text.index(after: colon)...].trimmed
            let words = try Self.words(command, of: name)
            switch name {
            case "release": release = words
            case "web": try takeWeb(words, command)
            default:
                do throws(InvalidValue) { _ = try ProcessName(name) } catch { throw Self.unclear(name, error.rule) }
                processes.append((name, words))
            }
        }
        notes.append("processes by Procfile: \(processes.map(\.name).joined(separator: ", "))")
    }

    /// A server that is known is moved to the platform's socket; another keeps the port that Procfiles write `$PORT`.
    private mutating func takeWeb(_ words: [String], _ command: String) throws(Question) {
        if let moved = PythonServer.moved(words) { return processes.append(("web", moved)) }
        guard words.contains(where: { $0.contains("$PORT") || $0.contains("${PORT}") }) else {
            throw Self.unclear(
                command,
                "it says neither that it listens at \(Ingress.socketPath) nor on $PORT")
        }
        let port: UInt16 = 8000
        self.port = port
        let placed = words.map {
            $0.split(separator: "${PORT}", omittingEmptySubsequences: false).joined(separator: "$PORT")
        }
        .map { $0.split(separator: "$PORT", omittingEmptySubsequences: false).joined(separator: "\(port)") }
        processes.append(("web", placed))
    }

    /// The words of a command that needs no shell.
    private static func words(_ command: String, of name: String) throws(Question) -> [String] {
        let syntax = ["|", "&", ";", "<", ">", "`", "$(", "\\"].first { command.contains($0) }
        if let syntax { throw unclear(name, "its command has \(syntax), and no shell reads it") }
        var words: [String] = [], word: String?, quote: Character?
        for character in command {
            switch character {
            case quote: quote = nil
            case "'" where quote == nil, "\"" where quote == nil:
                quote = character
                word = word ?? ""
            case " " where quote == nil, "\t" where quote == nil:
                if let done = word { words.append(done) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        guard quote == nil, let first = words.first else {
            throw unclear(name, "its command is empty or a quote is open")
        }
        guard !first.contains("=") else { throw unclear(name, "it sets a variable; write that below [environment]") }
        let other = words.first { $0.contains("$") && !($0.contains("$PORT") || $0.contains("${PORT}")) }
        if let other { throw unclear(name, "no shell replaces \(other)") }
        return words.first == "python" ? ["python3"] + words.dropFirst() : words
    }

    private static func unclear(_ what: String, _ why: String) -> Question {
        Question(
            question: "the Procfile's \(what) cannot be taken as it is: \(why)",
            answer: "say what runs in tussilago.toml, which counts before the Procfile: "
                + "[processes.web] with command = [\"program\", \"argument\"]")
    }
}
