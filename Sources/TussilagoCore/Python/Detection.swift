/// What a project's folder tells of how it is to be run.
public struct Detection: Hashable, Sendable {
    /// What it is made with, for people: `Django`, `FastAPI`.
    public var framework: String
    /// How it is built.
    public var build = PythonBuild()
    /// The processes' commands by name; `web` among them.
    public var processes: [(name: String, words: [String])] = []
    /// The port that the web process listens on; nil for the platform's Unix socket.
    public var port: UInt16?
    /// What the web process is asked for to see that it is ready.
    public var health = "/"
    /// What runs once for each release before it serves.
    public var release: [String]?
    /// Where Caddy answers with files of it.
    public var staticPaths: [StaticPath] = []
    /// What is set in the environment.
    public var environment: [(name: String, value: String)] = []
    /// What was found, and what to know of it, in sentences.
    public var notes: [String] = []

    /// What cannot be told from a folder, and what answers it.
    public struct Question: Error, Hashable, Sendable, CustomStringConvertible {
        /// What was found, and what it leaves open.
        public let question: String
        /// What to write, and where.
        public let answer: String
        public var description: String { "\(question); \(answer)" }
    }

    /// Reads a project.
    /// - Throws: ``Question`` where more than one answer would do, or none: nothing is guessed.
    public init(_ project: ProjectFiles) throws(Question) {
        framework = ""
        try readVersion(project)
        try readRequirements(project)
        if project.paths.contains("Procfile") { try readProcfile(project) }
        if project.paths.contains("manage.py") {
            try readDjango(project)
        } else if command(of: "web") == nil {
            try readApp(project)
        }
        if framework.isEmpty { framework = "Python" }
    }

    func command(of name: String) -> [String]? { processes.first { $0.name == name }?.words }

    // MARK: Python and its packages

    private mutating func readVersion(_ project: ProjectFiles) throws(Question) {
        guard let text = project.texts[".python-version"] else { return }
        let lines = text.split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.isEmpty && !$0.hasPrefix("#") }
        let name = (lines.first ?? "").split(separator: "-").last.map(String.init) ?? ""
        do throws(InvalidValue) { build.version = try PythonVersion(name) } catch {
            throw Question(
                question: "the file .python-version says \(lines.first ?? "nothing"), which is no version of Python",
                answer: "write 3.13 in it, or version = \"3.13\" below [python] in tussilago.toml")
        }
        notes.append("Python \(name), by .python-version")
    }

    private mutating func readRequirements(_ project: ProjectFiles) throws(Question) {
        let known = ["uv.lock", "requirements.txt"].first { project.paths.contains($0) }
        let isProject = project.text("pyproject.toml").contains("[project]")
        if let name = known ?? (isProject ? "pyproject.toml" : nil) {
            build.requirements = try? RequirementsFile(name)
            notes.append("packages by \(name)")
            return
        }
        let others = project.paths.filter { $0.hasPrefix("requirements") && $0.hasSuffix(".txt") }.sorted()
        if others.count > 1 {
            throw Question(
                question: "there are \(others.joined(separator: " and ")), and no requirements.txt",
                answer: "say which is installed: requirements = \"\(others[0])\" below [python] in tussilago.toml")
        }
        if let only = others.first {
            build.requirements = try? RequirementsFile(only)
            notes.append("packages by \(only)")
        } else {
            notes.append("no packages of its own")
        }
    }

    /// The server that the project asks for, or else the one that is installed for it.
    private mutating func server(_ project: ProjectFiles, asynchronous: Bool) -> PythonServer {
        let able = PythonServer.able(asynchronous: asynchronous), asked = project.packages
        if let own = able.first(where: { asked.contains($0.rawValue) }) { return own }
        let server = able[0]
        build.packages = [try? PackageRequirement(server.rawValue)].compactMap { $0 }
        notes.append("\(server.rawValue) is installed beside them: the project names no server")
        return server
    }

    // MARK: Kinds of projects

    private mutating func readDjango(_ project: ProjectFiles) throws(Question) {
        framework = Framework.django.rawValue
        let settings = project.text("manage.py").quoted(after: "DJANGO_SETTINGS_MODULE")
        let package = settings?.split(separator: ".").first.map(String.init)
        let found = project.modules.filter { $0.name == "wsgi" || $0.name == "asgi" }
        let own = found.filter { $0.module.hasPrefix("\(package ?? "").") }
        let modules = own.isEmpty ? found : own
        if command(of: "web") == nil {
            let wsgi = modules.filter { $0.name == "wsgi" }, asgi = modules.filter { $0.name == "asgi" }
            let asked = project.packages
            let isAsynchronous =
                wsgi.isEmpty
                || !asgi.isEmpty && asked.isDisjoint(with: PythonServer.able(asynchronous: false).map(\.rawValue))
                    && !asked.isDisjoint(with: PythonServer.able(asynchronous: true).map(\.rawValue))
            let candidates = isAsynchronous ? asgi : wsgi
            guard let file = candidates.first, candidates.count == 1 else {
                let names = candidates.map(\.path).sorted().joined(separator: " and ")
                throw Question(
                    question: names.isEmpty
                        ? "manage.py makes it a Django project, but there is neither a wsgi.py nor an asgi.py"
                        : "this Django project has \(names)",
                    answer: Self.commandAnswer("shop.wsgi"))
            }
            let server = server(project, asynchronous: isAsynchronous)
            processes.append(("web", server.command("\(file.module):application", asynchronous: isAsynchronous)))
            onPath(file)
            notes.append(
                "\(isAsynchronous ? "ASGI" : "WSGI") application in \(file.path), served by \(server.rawValue)")
        }
        guard let settings else { return }
        let path = settings.split(separator: ".").joined(separator: "/")
        let text = project.texts.filter {
            $0.key == "\(path).py" || $0.key.hasPrefix("\(path)/") || $0.key.hasSuffix("/\(path).py")
        }.map(\.value).joined(separator: "\n")
        readDjangoSettings(text)
        let urls = project.text("\(package ?? "")/urls.py")
        let root = ["path(\"\"", "path('',", "path('' ", "r\"^$\"", "r'^$'"]
        if let known = Self.healthPath(in: urls, root: root) {
            health = known
        } else if urls.contains("admin.site.urls"), urls.contains("admin/") {
            health = "/admin/login/"
        }
    }

    private mutating func readDjangoSettings(_ text: String) {
        if text.contains("STATIC_ROOT") {
            let command = ["python3", "manage.py", "collectstatic", "--noinput"].map { try? CommandArgument($0) }
            build.commands = [command.compactMap { $0 }]
            notes.append("static files are collected when it is built, since STATIC_ROOT is set")
            if let path = Self.staticPath(in: text) {
                staticPaths = [path]
                notes.append("Caddy answers with them at \(path.prefix)")
            }
        }
        if release == nil, text.contains("django.db.backends."), !text.contains("django.db.backends.sqlite3") {
            release = ["python3", "manage.py", "migrate", "--noinput"]
            notes.append("migrations run before a release serves")
        } else if text.contains("django.db.backends.sqlite3") {
            notes.append("its SQLite database would be in the read-only source: keep it elsewhere, or use PostgreSQL")
        }
        let hosts = text.components(after: "ALLOWED_HOSTS")?.prefix { $0 != "]" } ?? ""
        if hosts.contains("["), hosts.contains("\"") || hosts.contains("'"), !hosts.contains("*"),
            !hosts.contains("localhost")
        {
            notes.append("add \"localhost\" to ALLOWED_HOSTS: the health check asks for that host")
        }
    }

    /// What `STATIC_URL` and `STATIC_ROOT` say, where both are written as `django-admin startproject` and its manual do.
    private static func staticPath(in text: String) -> StaticPath? {
        func value(of name: String) -> Substring? {
            for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(name) {
                let rest = line.dropFirst(name.count).drop { $0 == " " }
                if rest.first == "=" { return rest.dropFirst().drop { $0 == " " } }
            }
            return nil
        }
        func literal(_ text: Substring) -> String? {
            guard let quote = text.first, quote == "'" || quote == "\"" else { return nil }
            let inner = text.dropFirst().prefix { $0 != quote }
            return inner.isEmpty || inner.contains("\\") ? nil : String(inner)
        }
        let bases = ["BASE_DIR / ", "os.path.join(BASE_DIR, "]
        guard let url = value(of: "STATIC_URL").flatMap(literal), let root = value(of: "STATIC_ROOT"),
            let base = bases.first(where: { root.hasPrefix($0) }),
            let directory = literal(root.dropFirst(base.count))
        else { return nil }
        // Without a slash at its beginning it is below the site's own root.
        return try? StaticPath(prefix: url.hasPrefix("/") ? url : "/\(url)", directory: directory)
    }

    /// The one object in the code that answers requests.
    private mutating func readApp(_ project: ProjectFiles) throws(Question) {
        let objects = project.modules.flatMap { file in AppObject.all(in: file, project.text(file.path)) }
        guard let nearest = objects.map(\.file.depth).min() else {
            throw Question(
                question:
                    "no file of the folder makes an app that is known here (Django, Flask, FastAPI, Starlette, Quart, "
                    + "Litestar, Falcon, Bottle, WSGI or ASGI)",
                answer: Self.commandAnswer("app:app"))
        }
        // What lies highest; among those the names that servers look for by themselves; then what is an app already.
        var candidates = objects.filter { $0.file.depth == nearest }
        let names = ["wsgi", "asgi", "app", "main", "application"]
        if let name = names.first(where: { name in candidates.contains { $0.file.name == name } }), candidates.count > 1
        {
            let named = candidates.filter { $0.file.name == name }
            let others = candidates.filter { names.contains($0.file.name.description) && $0.file.name != name }
            // wsgi.py and asgi.py exist to be served; app.py beside main.py is a question.
            if others.isEmpty || ["wsgi", "asgi"].contains(name) && !others.contains(where: { $0.file.name == "asgi" })
            {
                candidates = named
            }
        }
        if candidates.contains(where: { !$0.isFactory }) { candidates.removeAll(where: \.isFactory) }
        if candidates.count > 1, Set(candidates.map(\.file.path)).count == 1 {
            let usual = candidates.filter { ["app", "application"].contains($0.name) }
            if usual.count == 1 { candidates = usual }
        }
        guard candidates.count == 1, let app = candidates.first else {
            let listed = candidates.map { "\($0.reference) (\($0.framework.rawValue))" }.joined(separator: " and ")
            throw Question(
                question: "there is more than one app: \(listed)", answer: Self.commandAnswer(candidates[0].reference))
        }
        framework = app.framework.rawValue
        let isAsynchronous = app.framework.isAsynchronous
        let server = server(project, asynchronous: isAsynchronous)
        processes.insert(
            ("web", server.command(app.reference, asynchronous: isAsynchronous, factory: app.isFactory)), at: 0)
        onPath(app.file)
        notes.append("\(app.reference) in \(app.file.path), served by \(server.rawValue)")
        let text = project.text(app.file.path)
        if let known = Self.healthPath(in: text, root: ["(\"/\"", "('/'"]) {
            health = known
        } else if app.framework == .fastAPI, !text.contains("include_router"), !text.contains(".mount(") {
            health = "/openapi.json"
        }
    }

    /// A folder `src` is not on Python's path by itself.
    private mutating func onPath(_ file: ModuleFile) {
        if file.isInSource { environment.append(("PYTHONPATH", "\(Artefact.filesMountPoint)/src")) }
    }

    private static func healthPath(in text: String, root: [String]) -> String? {
        let known = ["healthz", "health", "_health", "livez", "up"].first { name in
            ["\"", "'"].contains { quote in
                ["/\(name)", "/\(name)/", "\(name)/", name].contains { text.contains("\(quote)\($0)\(quote)") }
            }
        }
        if let known {
            let slashed = ["\"", "'"].contains { text.contains("\(known)/\($0)") }
            return "/\(known)\(slashed ? "/" : "")"
        }
        return root.contains(where: text.contains) ? "/" : nil
    }

    static func commandAnswer(_ example: String) -> String {
        "say what runs it in tussilago.toml: [processes.web] with command = \"python3 -m gunicorn --bind "
            + "unix:\(Ingress.socketPath) \(example)\", and packages = [\"gunicorn\"] below [python] if it asks for none"
    }
}

extension Detection {
    public static func == (left: Self, right: Self) -> Bool { left.manifest() == right.manifest() }
    public func hash(into hasher: inout Hasher) { hasher.combine(manifest()) }
}

extension String {
    /// What stands behind the first of a word; nil where it does not stand.
    func components(after word: String) -> Substring? { range(of: word).map { self[$0.upperBound...] } }

    /// The second of the texts in quotes from a word on: `"x"` in `setdefault("WORD", "x")`.
    fileprivate func quoted(after word: String) -> String? {
        guard let rest = components(after: word) else { return nil }
        let parts = rest.prefix(200).split(omittingEmptySubsequences: false) { $0 == "\"" || $0 == "'" }
        return parts.count > 2 && !parts[2].isEmpty ? String(parts[2]) : nil
    }

    /// Where a word stands first.
    private func range(of word: String) -> Range<Index>? { ranges(of: word).first }
}
