/// A unified diff of two texts, for people.
struct Diff {
    private static let context = 3

    /// The hunks that lead from `before` to `after`, with the lines around them; empty when they are the same.
    /// - Parameter reasons: why lines change, by the key that they begin with; told at the head of their hunk.
    static func unified(_ before: String?, _ after: String?, reasons: [String: String] = [:], style: Style) -> String {
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
        return hunks(all).map { hunk in
            let lines = all[hunk]
            var because: [String] = []
            for line in lines where line.mark != " " {
                let key = line.text.prefix { $0 != "=" }
                if let reason = reasons[String(key)], !because.contains("\(key): \(reason)") {
                    because.append("\(key): \(reason)")
                }
            }
            let head =
                "@@ line \(hunk.lowerBound + 1) @@" + (because.isEmpty ? "" : " \(because.joined(separator: "; "))")
            return ([style.bold(head)] + lines.map { colour("\($0.mark)\($0.text)", $0.mark, style) }).joined(
                separator: "\n")
        }.joined(separator: "\n")
    }

    private static func colour(_ line: String, _ mark: Character, _ style: Style) -> String {
        switch mark {
        case "-": style.red(line)
        case "+": style.green(line)
        default: style.dim(line)
        }
    }

    /// The changed lines with those around them; ranges that touch are one.
    private static func hunks(_ all: [(mark: Character, text: String)]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for index in all.indices where all[index].mark != " " {
            let range = max(0, index - context)..<min(all.count, index + context + 1)
            if let last = hunks.last, last.upperBound >= range.lowerBound {
                hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
            } else {
                hunks.append(range)
            }
        }
        return hunks
    }

    private static func lines(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
