/// What Podman's generator printed with `--dryrun` (`cmd/quadlet/main.go`): each unit below a line `---NAME---`, and on
/// the other stream a line for each quadlet that it drops.
struct GeneratedUnits {
    /// The units' texts, by their names.
    private(set) var texts: [String: String] = [:]
    /// The names that came more than once.
    private(set) var repeated: Set<String> = []

    /// Splits what it printed on its standard output.
    init(output: String) {
        var name: String?
        var lines: [Substring] = []
        func finish(_ units: inout GeneratedUnits) {
            guard let name else { return }
            if units.texts.updateValue(lines.joined(separator: "\n"), forKey: name) != nil {
                units.repeated.insert(name)
            }
        }
        for line in output.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("---"), line.hasSuffix("---"), line.utf8.count > 6 {
                finish(&self)
                let path = line.dropFirst(3).dropLast(3)
                name = path.split(separator: "/").last.map(String.init)
                lines = []
            } else {
                lines.append(line)
            }
        }
        finish(&self)
    }

    /// Why a quadlet is dropped.
    struct Complaint: Equatable {
        /// The quadlet file's name.
        let file: String
        /// The reason, with no path in it.
        let reason: String
    }

    /// Reads the complaints out of what it printed on its standard error.
    ///
    /// There each begins with `converting "FILE": ` or `error loading "PATH", `, the first of them behind
    /// `quadlet-generator[PID]: `.
    static func complaints(in output: String, hiding directory: String) -> [Complaint] {
        output.split(separator: "\n").compactMap { line in
            let line = line.hasPrefix("quadlet-generator[") ? line.drop { $0 != " " }.dropFirst() : line[...]
            for opening in ["converting \"", "error loading \"", "parsing \""] where line.hasPrefix(opening) {
                let rest = line.dropFirst(opening.count)
                guard let quote = rest.firstIndex(of: "\"") else { return nil }
                let file = rest[..<quote].split(separator: "/").last.map(String.init) ?? ""
                let reason = String(rest[rest.index(after: quote)...].drop { ": ,".contains($0) })
                return Complaint(file: file, reason: reason.replacing("\(directory)/", with: ""))
            }
            return nil
        }
    }
}
