/// How large a directory may be that is imported.
public struct TreeLimits: Hashable, Sendable {
    /// The bytes of all files together.
    public var bytes: Int
    /// The files and directories together.
    public var entries: Int
    /// How deep directories are nested; 1 is a directory with files only.
    public var depth: Int
    /// Whether all of a tree is put on the disk at its end, and not each file by itself.
    var syncsAtOnce = false

    /// 64 MiB in 10 000 files and directories, 32 levels deep.
    public static let standard = TreeLimits(bytes: 64 * 1_048_576, entries: 10_000, depth: 32)

    /// Sets limits.
    public init(bytes: Int, entries: Int, depth: Int) {
        self.bytes = bytes
        self.entries = entries
        self.depth = depth
    }
}
