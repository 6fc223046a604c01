/// What of a folder is not part of a source, by the rules of gitignore(5).
public struct IgnoreRules: Sendable {
    /// One line of a file of such rules.
    private struct Rule {
        /// The folder that the file lies in, with a slash at its end; empty for the topmost.
        let base: String
        /// The parts of the pattern between slashes.
        let parts: [[Character]]
        let includes: Bool
        let forDirectories: Bool
        /// Whether the pattern is held against the path from the base on, and not against a name anywhere below it.
        let isAnchored: Bool
    }

    private var rules: [Rule] = []

    /// What is left out of every source unless a file says otherwise: what is made of it, and what must not leave its place.
    public static let usual = """
        .git/
        .hg/
        .svn/
        __pycache__/
        *.py[co]
        .venv/
        venv/
        .tox/
        .nox/
        .mypy_cache/
        .pytest_cache/
        .ruff_cache/
        .idea/
        .vscode/
        node_modules/
        *.egg-info/
        .DS_Store
        .env
        .env.*
        """

    /// The rules of every source.
    public init() { add(Self.usual, in: "") }

    /// Adds the rules of a file in a folder, given by its path below the topmost. Later rules count before earlier ones.
    public mutating func add(_ text: some StringProtocol, in folder: String) {
        let base = folder.isEmpty ? "" : "\(folder)/"
        for line in text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline) {
            if let rule = Self.rule(line, base) { rules.append(rule) }
        }
    }

    private static func rule(_ line: some StringProtocol, _ base: String) -> Rule? {
        var pattern = Array(line)
        while let last = pattern.last, last == " " || last == "\t" || last == "\r" {
            // A blank at the end counts only behind a backslash.
            if last == " ", pattern.count > 1, pattern[pattern.count - 2] == "\\" { break }
            pattern.removeLast()
        }
        guard let first = pattern.first, first != "#" else { return nil }
        let includes = first == "!"
        if includes { pattern.removeFirst() }
        let forDirectories = pattern.last == "/"
        if forDirectories { pattern.removeLast() }
        let isAnchored = pattern.contains("/")
        if pattern.first == "/" { pattern.removeFirst() }
        guard !pattern.isEmpty else { return nil }
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: true).map(Array.init)
        return Rule(
            base: base, parts: parts, includes: includes, forDirectories: forDirectories, isAnchored: isAnchored)
    }

    /// Whether a file or directory is left out. What lies in a directory that is left out is not asked for.
    public func excludes(_ path: String, isDirectory: Bool) -> Bool {
        for rule in rules.reversed() {
            guard isDirectory || !rule.forDirectories, path.hasPrefix(rule.base) else { continue }
            let names = path.dropFirst(rule.base.count).split(separator: "/").map(Array.init)
            let fits =
                rule.isAnchored
                ? Self.fits(names[...], rule.parts[...])
                : names.last.map { Self.fits($0[...], rule.parts[0][...]) } ?? false
            if fits { return !rule.includes }
        }
        return false
    }

    /// Whether names fit the parts of a pattern; `**` stands for any number of names, behind the last for one at least.
    private static func fits(_ names: ArraySlice<[Character]>, _ parts: ArraySlice<[Character]>) -> Bool {
        guard let part = parts.first else { return names.isEmpty }
        if part == ["*", "*"] {
            if parts.count == 1 { return !names.isEmpty }
            return (0...names.count).contains { fits(names.dropFirst($0), parts.dropFirst()) }
        }
        guard let name = names.first, fits(name[...], part[...]) else { return false }
        return fits(names.dropFirst(), parts.dropFirst())
    }

    /// Whether a name fits a pattern of `*`, `?`, `[a-z]` and plain characters. It takes no more steps than their lengths
    /// multiplied: only the last star is ever gone back to.
    private static func fits(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        var name = name, rest = pattern
        var star: (name: ArraySlice<Character>, rest: ArraySlice<Character>)?
        while true {
            if rest.first == "*" {
                rest = rest.drop { $0 == "*" }
                star = (name, rest)
                continue
            }
            if let letter = name.first, let after = taken(letter, rest) {
                name = name.dropFirst()
                rest = after
                continue
            }
            if name.isEmpty, rest.isEmpty { return true }
            guard let (from, again) = star, !from.isEmpty else { return false }
            star = (from.dropFirst(), again)
            name = from.dropFirst()
            rest = again
        }
    }

    /// What is left of a pattern whose first element a character fits; nil where it does not.
    private static func taken(_ letter: Character, _ pattern: ArraySlice<Character>) -> ArraySlice<Character>? {
        guard let first = pattern.first else { return nil }
        switch first {
        case "?": return pattern.dropFirst()
        case "\\" where pattern.count > 1:
            return pattern[pattern.startIndex + 1] == letter ? pattern.dropFirst(2) : nil
        case "[":
            guard let end = pattern.dropFirst(2).firstIndex(of: "]") else { fallthrough }
            var set = pattern[(pattern.startIndex + 1)..<end]
            let negates = set.first == "!" || set.first == "^"
            if negates { set = set.dropFirst() }
            var isIn = false
            while let low = set.popFirst() {
                if set.count >= 2, set.first == "-" {
                    set = set.dropFirst()
                    if let high = set.popFirst(), low <= high, (low...high).contains(letter) { isIn = true }
                } else if low == letter {
                    isIn = true
                }
            }
            return isIn != negates ? pattern[(end + 1)...] : nil
        default: return first == letter ? pattern.dropFirst() : nil
        }
    }
}
