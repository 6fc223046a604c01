internal import CShims
internal import TussilagoCore

/// Takes nothing: the archive is only checked.
struct NoSink: ArchiveSink {
    func begin(_ member: TarHeader) {}
    func take(_ bytes: [UInt8]) {}
    func end() {}
}

/// Takes the ledger out.
struct LedgerSink: ArchiveSink, ~Copyable {
    private let file: OpenFile
    private var isLedger = false

    /// Writes to an empty file.
    init(_ file: consuming OpenFile) { self.file = file }

    mutating func begin(_ member: TarHeader) { isLedger = member.name == ArchiveMember.ledger }

    mutating func take(_ bytes: [UInt8]) throws(PortError) {
        if isLedger { try file.write(bytes[...], as: "ledger") }
    }

    mutating func end() throws(PortError) {
        if isLedger { try file.sync(as: "ledger") }
        isLedger = false
    }
}

/// Takes the file trees out: each is written beside its place, and moved there once its digest was found to be right.
struct TreeSink: ArchiveSink, ~Copyable {
    private let trees: Directory
    /// The tree under way, and the one that was checked when the next member begins.
    private var tree: String?
    private var isSkipped = false
    private var file: OpenFile?

    /// What a tree is called until it is whole.
    static let temporary = ".restoring"

    init(_ trees: consuming Directory) { self.trees = trees }

    mutating func begin(_ member: TarHeader) throws(PortError) {
        guard member.name.hasPrefix(ArchiveMember.trees), let path = ArchiveCheck.path(member.name) else {
            try finishTree()
            guard member.name.hasPrefix(ArchiveMember.trees) else { return }
            let name = String(member.name.dropFirst(ArchiveMember.trees.count))
            isSkipped = try trees.directory(name) != nil
            tree = name
            guard !isSkipped else { return }
            try trees.removeTree(Self.temporary)
            _ = try trees.makeDirectory(Self.temporary, mode: 0o755)
            return
        }
        guard !isSkipped else { return }
        var names = path.split(separator: "/").map(String.init)
        guard let last = names.popLast(), var parent = try trees.directory(Self.temporary) else { return }
        for name in names {
            guard let child = try parent.directory(name) else {
                throw ArchiveMember.damage("a file comes before its directory")
            }
            parent = child
        }
        if member.kind == .directory {
            _ = try parent.makeDirectory(last, mode: 0o755)
        } else {
            file = try parent.createFile(last, mode: member.mode & 0o100 != 0 ? 0o755 : 0o644, as: last)
        }
    }

    mutating func take(_ bytes: [UInt8]) throws(PortError) { try file?.write(bytes[...], as: "files") }

    mutating func end() { file = nil }

    private mutating func finishTree() throws(PortError) {
        guard let name = tree else { return }
        tree = nil
        guard !isSkipped else { return }
        // All files of the tree at once: nobody waits for anything else on a host that is being restored.
        try posix("syncfs", "files") { tsl_syncfs(trees.descriptor) }
        try trees.rename(Self.temporary, to: name)
        try trees.sync(as: "trees")
    }
}
