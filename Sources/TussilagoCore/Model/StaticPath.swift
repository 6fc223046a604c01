/// Paths of an app's URLs at which Caddy answers with files of the app, and asks the app only for what is not there.
public struct StaticPath: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// What the paths begin with: `/static/`. It begins and ends with a slash.
    public let prefix: String
    /// The directory among the app's files that is found there: `collected`.
    public let directory: String

    /// The most that an app may have.
    public static let most = 8

    /// Checks both. Neither has anything in it that a unit file, a URL or Caddy's patterns read in another way.
    public init(prefix: some StringProtocol, directory: some StringProtocol) throws(InvalidValue) {
        let parts = String(prefix).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 2, parts.first == "", parts.last == "",
            parts.dropFirst().dropLast().allSatisfy(Self.isName),
            prefix.utf8.count <= 100
        else {
            throw InvalidValue(
                "static path", given: prefix,
                rule:
                    "it begins and ends with /, as in \"/static/\", and has only letters, digits and - . _ between those"
            )
        }
        guard directory.utf8.count <= 200, !directory.isEmpty,
            String(directory).split(separator: "/", omittingEmptySubsequences: false).map(String.init).allSatisfy(
                Self.isName)
        else {
            throw InvalidValue(
                "directory of static files", given: directory,
                rule:
                    "it is one of the app's own, as in \"build/static\", with only letters, digits and - . _ in its names"
            )
        }
        self.prefix = String(prefix)
        self.directory = String(directory)
    }

    private static func isName(_ part: String) -> Bool {
        let allowed = Set("-._".utf8)
        return !part.isEmpty && part != "." && part != ".."
            && part.utf8.allSatisfy { $0.isAlphanumeric || allowed.contains($0) }
    }

    private enum CodingKeys: CodingKey { case prefix, directory }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            prefix: container.decode(String.self, forKey: .prefix),
            directory: container.decode(String.self, forKey: .directory))
    }

    public static func < (left: Self, right: Self) -> Bool { left.prefix < right.prefix }

    /// As the instance's helper reads it.
    public var description: String { "\(prefix)=\(directory)" }
}
