/// A unified diff of two texts, for people.
struct Diff {
    private static let context = 3

    /// The hunks that lead from `before` to `after`, with the lines around them; empty when they are the same.
    static func unified(_ before: String?, _ after: String?, style: Style) -> String {
        let old = lines(before), new = lines(after)
        let change = new.difference(from: old)
        var removed = Set<Int>(), inserted = Set<Int>()
        for step in change {
            switch step {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var all: [(mark: Character, text: String)] = []
        var left = 0, right = 0
        while left < old.count || right < new.count {
            if removed.contains(left) {
                all.append(("-", old[left]))
                left += 1
            } else if inserted.contains(right) {
                all.append(("+", new[right]))
                right += 1
            } else {
                all.append((" ", new[right]))
                left += 1
                right += 1
            }
        }
        return hunks(all).map { line in
            switch line.first {
            case "-": style.red(line)
            case "+": style.green(line)
            default: style.dim(line)
            }
        }.joined(separator: "\n")
    }

    private static func hunks(_ all: [(mark: Character, text: String)]) -> [String] {
        let changed = all.indices.filter { all[$0].mark != " " }
        var shown: [String] = []
        var last = -1
        for index in all.indices where changed.contains(where: { abs($0 - index) <= context }) {
            if index != last + 1 { shown.append("@@ line \(index + 1) @@") }
            shown.append("\(all[index].mark)\(all[index].text)")
            last = index
        }
        return shown
    }

    private static func lines(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
