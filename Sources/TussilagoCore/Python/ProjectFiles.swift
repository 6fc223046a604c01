/// A project's folder as far as it tells what the project is: the names of its files, and the texts of a few.
public struct ProjectFiles: Hashable, Sendable {
    /// The files' paths below the folder.
    public let paths: Set<String>
    /// The texts of those that ``isTelling(_:)`` names.
    public let texts: [String: String]

    /// Gathers what there is.
    public init(paths: some Sequence<String>, texts: [String: String]) {
        self.paths = Set(paths)
        self.texts = texts
    }

    /// The most bytes of a file that are read; a text that is longer is cut.
    public static let textLimit = 1 << 20

    /// Whether a file's text may tell something: the few that have a meaning of their own, and Python's own files near the
    /// top.
    public static func isTelling(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard let name = parts.last else { return false }
        if parts.count == 1, ["pyproject.toml", "uv.lock", "Procfile", ".python-version"].contains(name) {
            return true
        }
        if parts.count <= 2, name.hasSuffix(".txt"), path.hasPrefix("requirements") { return true }
        return name.hasSuffix(".py") && parts.count <= (parts[0] == "src" ? 4 : 3)
    }

    /// A file's text; empty where there is none.
    func text(_ path: String) -> String { texts[path] ?? "" }

    /// The Python files whose texts are known: what lies higher first, then by name.
    var modules: [ModuleFile] {
        texts.keys.compactMap(ModuleFile.init).sorted { ($0.depth, $0.path) < ($1.depth, $1.path) }
    }

    /// The names of the packages that the project asks for, as indexes compare them. Those of a lock are all that would be
    /// installed.
    var packages: Set<String> {
        var names: Set<String> = []
        for (path, text) in texts where path.hasSuffix(".txt") {
            names.formUnion(text.split(whereSeparator: \.isNewline).compactMap { Self.name(atStartOf: $0) })
        }
        for line in text("uv.lock").split(whereSeparator: \.isNewline) where line.hasPrefix("name = \"") {
            names.insert(PackageRequirement.normalized(line.dropFirst(8).prefix { $0 != "\"" }))
        }
        // What stands in quotes in it is a dependency, or is no name of a package that is looked for.
        for quoted in text("pyproject.toml").split(separator: "\"", omittingEmptySubsequences: false).dropFirst() {
            if let name = Self.name(atStartOf: quoted) { names.insert(name) }
        }
        return names
    }

    private static func name(atStartOf text: Substring) -> String? {
        let name = text.drop { $0 == " " || $0 == "\t" }.prefix { character in
            character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        }
        guard let first = name.first, first.isLetter || first.isNumber else { return nil }
        return PackageRequirement.normalized(name)
    }
}

/// A file that Python can import.
struct ModuleFile: Hashable {
    /// Its path below the project's folder.
    let path: String
    /// The name that it is imported by: `shop.wsgi` for `shop/wsgi.py`.
    let module: String
    /// Whether it lies below `src/`, which must then be on Python's path.
    let isInSource: Bool
    /// How many directories it lies in, `src/` left out.
    let depth: Int

    /// Nil for what is no module: a name that cannot be imported, tests, a script of migrations.
    init?(_ path: String) {
        guard path.hasSuffix(".py") else { return nil }
        var parts = path.dropLast(3).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        isInSource = parts.count > 1 && parts[0] == "src"
        if isInSource { parts.removeFirst() }
        if parts.count > 1, parts.last == "__init__" { parts.removeLast() }
        let isName: (String) -> Bool = { part in
            !part.isEmpty && part.utf8.first?.isDigit == false
                && part.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
        }
        let others: Set = ["tests", "test", "conftest", "setup", "manage", "docs", "examples", "migrations", "scripts"]
        guard parts.allSatisfy(isName), others.isDisjoint(with: parts), !(parts.last ?? "").hasPrefix("test_") else {
            return nil
        }
        self.path = path
        module = parts.joined(separator: ".")
        depth = parts.count
    }

    /// The last part of its name, or of a package the package's own.
    var name: Substring { module.split(separator: ".").last ?? "" }
}
