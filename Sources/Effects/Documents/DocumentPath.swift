internal import TussilagoCore

/// The way to a value: through tables by key, through arrays by index.
struct DocumentPath: Hashable, Sendable, CustomStringConvertible {
    /// One step on the way.
    enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    /// The steps from the root.
    private(set) var steps: [Step]

    /// How deep the value lies.
    var depth: Int { steps.count }

    /// The path of the table or array around it; the root is its own.
    var parent: DocumentPath { DocumentPath(steps: steps.dropLast()) }

    init(steps: some Sequence<Step> = []) { self.steps = Array(steps) }

    /// The path of what lies one step further.
    func appending(_ step: Step) -> DocumentPath {
        var path = self
        path.steps.append(step)
        return path
    }

    /// The path of a key of the table at this path.
    func key(_ key: String) -> DocumentPath { appending(.key(key)) }

    /// The path as it is written in TOML, `processes.web.command`; an element of an array is called by its array.
    var description: String {
        steps.compactMap { step in
            guard case .key(let key) = step else { return nil }
            return Self.written(key)
        }.joined(separator: ".")
    }

    /// A key as it is written: bare if it can be, or else in quotes; cut where it is too long to show.
    static func written(_ key: String) -> String {
        let others = Set("-_".utf8)
        let isBare = !key.isEmpty && key.utf8.allSatisfy { $0.isAlphanumeric || others.contains($0) }
        let shown = String.UnicodeScalarView(key.unicodeScalars.prefix(80).map { $0.isControl ? "\u{FFFD}" : $0 })
        return isBare ? String(shown) : "\"\(String(shown))\""
    }
}
