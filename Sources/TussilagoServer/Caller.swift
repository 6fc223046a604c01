/// Who asks, as the rest of the platform and its readers may know them: a name, never a Linux uid.
public struct Caller: Hashable, Sendable {
    /// The login name, and the name of the token if there is one; `unknown` for a user that the host has no name for.
    public let name: String
    /// Whose files a deploy of theirs may copy.
    public let files: Files
    /// Whether their word is enough for whose a hostname is: an admin's of the host.
    public let vouches: Bool

    /// Whose files may be copied. The agent itself may read everything.
    public enum Files: Hashable, Sendable {
        case anybodys
        /// Those of one user only, by the host's number, which is shown to nobody.
        case own(UInt32)
        case nobodys
    }

    /// Describes a caller.
    public init(name: String, files: Files, vouches: Bool = false) {
        self.name = name
        self.files = files
        self.vouches = vouches
    }
}
