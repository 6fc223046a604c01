/// One thing that the platform needs of its host, whether it is there, and what mends it if not.
public struct HostCheck: Hashable, Sendable, Codable {
    /// What was looked at, in a word or two.
    public let name: String
    /// How it is.
    public let state: State
    /// What was found.
    public let detail: String
    /// What mends it, a command where there is one; nil when nothing needs mending.
    public let remedy: String?

    /// How something is.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// As it shall be.
        case good
        /// The platform works, with less than it could: the detail says what is missing.
        case weak
        /// Apps cannot run, or not safely.
        case bad
        /// It could not be looked at, for lack of rights as a rule.
        case unknown
    }

    /// Describes what was found.
    public init(_ name: String, _ state: State, _ detail: String, remedy: String? = nil) {
        self.name = name
        self.state = state
        self.detail = detail
        self.remedy = remedy
    }
}

/// A version as programs print it: numbers with dots, of which three count.
struct ProgramVersion: Comparable, CustomStringConvertible {
    let numbers: [Int]

    /// Takes the first number that has a given shape out of what a program printed: `podman version 5.4.2`,
    /// `systemd 257 (257.13-1~deb13u1)`, `v2.6.2 h1:…`.
    init?(in text: String) {
        let isPart = { (character: Character) in character.isASCII && (character.isNumber || character == ".") }
        guard let start = text.firstIndex(where: { $0.isASCII && $0.isNumber }) else { return nil }
        numbers = text[start...].prefix(while: isPart).split(separator: ".").prefix(3).compactMap { Int($0) }
        guard !numbers.isEmpty else { return nil }
    }

    /// Takes the day of a release, which is all that counts of gVisor's versions: `runsc version release-20240729.0`, and
    /// `0.0~20240729.0` as Debian has it.
    init?(dayIn text: String) {
        let days = text.split { !($0.isASCII && $0.isNumber) }.filter { $0.utf8.count == 8 }
        guard let day = days.first.flatMap({ Int($0) }) else { return nil }
        numbers = [day]
    }

    init(_ numbers: Int...) { self.numbers = numbers }

    /// Whether it is the day of a release.
    var isDay: Bool { numbers.first ?? 0 >= 10_000_000 }

    static func < (left: Self, right: Self) -> Bool { left.numbers.lexicographicallyPrecedes(right.numbers) }

    var description: String { numbers.map(String.init).joined(separator: ".") }
}
