public import FoundationEssentials

/// The database of an app on a server, by names that tell nobody whose it is: every role of a server can read all of them.
public struct Database: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The id of the app that it was made for. It outlives that app.
    public let id: UUID

    /// Names the database of an app.
    public init(of app: UUID) { id = app }

    /// `d_…`
    public var name: String { "d_\(id.hexadecimal)" }
    /// `o_…`, the role that all in it belongs to. Nobody can log in as it.
    public var owner: String { "o_\(id.hexadecimal)" }

    public static func < (left: Self, right: Self) -> Bool { left.name < right.name }

    public var description: String { name }

    /// What one may be at most. A server holds its roles to all of them, whatever a role sets for itself.
    public enum Bounds {
        /// Connections of one role at once.
        public static let roleConnections = 10
        /// Connections to one database at once: those of two roles, while one takes the other's place.
        public static let connections = 20
        /// Mebibytes of temporary files that one connection may have at once.
        public static let temporaryMebibytes = 256
    }

    /// Where its socket's directory is mounted in the sandbox: where PostgreSQL's own programs look for it.
    public static let mountPoint = "/run/postgresql"
}

/// What an app logs in as: one role for each version of its credentials.
public struct DatabaseRole: Hashable, Sendable, CustomStringConvertible {
    /// The credential that has its password.
    public let credential: UUID

    /// Names the role of a credential.
    public init(of credential: UUID) { self.credential = credential }

    /// Reads a name back.
    public init?(name: String) {
        guard name.hasPrefix("r_"), let id = UUID(hexadecimal: name.dropFirst(2)) else { return nil }
        credential = id
        guard self.name == name else { return nil }
    }

    /// `r_…`
    public var name: String { "r_\(credential.hexadecimal)" }

    public var description: String { name }
}

/// The text that an app is told how to reach its database by (PostgreSQL's manual, "Connection URIs").
public enum DatabaseURL {
    /// How many random bytes a password is made of.
    public static let passwordBytes = 32

    /// The URL of a database for a role, with a password made of random bytes.
    public static func make(_ database: Database, _ role: DatabaseRole, random: [UInt8]) -> Secret {
        var text = Array("postgresql://\(role.name):".utf8)
        for byte in random { text += [hexadecimalDigits[Int(byte >> 4)], hexadecimalDigits[Int(byte & 15)]] }
        text += Array("@/\(database.name)?host=\(Database.mountPoint)".utf8)
        return Secret(taking: &text)
    }

    /// The password of a URL that ``make(_:_:random:)`` made; nil of any other.
    public static func password(of url: Secret) -> Secret? {
        withExtendedLifetime(url) {
            guard let end = url.bytes.firstIndex(of: UInt8(ascii: "@")),
                let start = url.bytes[..<end].lastIndex(of: UInt8(ascii: ":")),
                end - start - 1 == passwordBytes * 2
            else { return nil }
            var password = Array(url.bytes[(start + 1)..<end])
            return Secret(taking: &password)
        }
    }

    private static let hexadecimalDigits = Array("0123456789abcdef".utf8)
}

extension UUID {
    /// 32 digits in lower case, with nothing between them.
    var hexadecimal: String { uuidString.filter { $0 != "-" }.lowercased() }

    /// Reads ``hexadecimal`` back.
    init?(hexadecimal text: some StringProtocol) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else { return nil }
        let digits = Array(text)
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        self.init(uuidString: parts.joined(separator: "-"))
    }
}
