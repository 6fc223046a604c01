/// What someone may do.
public enum Role: String, Hashable, Sendable, Comparable, CaseIterable {
    /// May look at everything.
    case reader
    /// May change everything.
    case admin

    public static func < (left: Role, right: Role) -> Bool { left == .reader && right == .admin }
}

/// Who asks, as the rest of the platform and its readers may know them: a name, never a Linux uid.
public struct Caller: Hashable, Sendable {
    /// The login name; `unknown` for a user that the host has no name for.
    public let name: String
    /// What they may do.
    public let role: Role

    /// Describes a caller.
    public init(name: String, role: Role) {
        self.name = name
        self.role = role
    }
}
