/// Finds what was probably meant.
enum Suggestion {
    /// The candidate that is fewest typing mistakes away from `word`, if it is near enough to be meant.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 40 else { return nil }
        let distances = candidates.map { ($0, distance(word.lowercased(), $0)) }
        guard let (nearest, distance) = distances.min(by: { $0.1 < $1.1 }) else { return nil }
        return distance <= max(1, min(word.count, nearest.count) / 3) ? nearest : nil
    }

    /// How many letters must be inserted, removed, replaced or swapped with their neighbour to come from one to the other
    /// (the optimal string alignment distance).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left), right = Array(right)
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
