/// The settings of a unit file, by section, as systemd.syntax(7) has them.
///
/// It reads what Podman's generator and the platform write: settings of one line each.
struct UnitSections {
    private var settings: [String: [(key: String, value: String)]] = [:]

    /// Reads a unit file's text.
    init(_ text: some StringProtocol) {
        var section = ""
        for line in text.split(separator: "\n") where !line.hasPrefix("#") && !line.hasPrefix(";") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = String(line.dropFirst().dropLast())
            } else if let equals = line.firstIndex(of: "=") {
                settings[section, default: []].append(
                    (String(line[..<equals]), String(line[line.index(after: equals)...])))
            }
        }
    }

    /// The values of a key, in their order.
    func values(of key: String, in section: String) -> [String] {
        settings[section, default: []].filter { $0.key == key }.map(\.value)
    }
}
