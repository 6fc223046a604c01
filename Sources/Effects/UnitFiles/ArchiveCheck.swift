internal import Crypto
internal import FoundationEssentials
internal import TussilagoCore

/// Holds the members of an archive against what was written of them: their order, their sums, the trees' digests.
struct ArchiveCheck {
    /// What the archive begins with, once that was read.
    private(set) var header: ArchiveHeader?
    /// The trees that were read whole.
    private(set) var trees: [TussilagoCore.Digest] = []
    private let limits: TreeLimits
    private var count = 0
    private var sums = ""
    private var member: TarHeader?
    private var hash = SHA256()
    /// The content of what is kept to be looked at.
    private var content: [UInt8] = []
    private var tree: (digest: TussilagoCore.Digest, entries: TreeDigest, bytes: Int)?
    private var isSummed = false

    /// More than any header or list of sums has.
    private static let contentLimit = 64 << 20

    init(limits: TreeLimits) { self.limits = limits }

    mutating func begin(_ member: TarHeader) throws(PortError) {
        guard !isSummed else { throw ArchiveMember.damage("a member comes after the sums") }
        self.member = member
        hash = SHA256()
        content = []
        count += 1
        switch count {
        case 1:
            guard member.name == ArchiveMember.header, member.size <= 4096 else {
                throw ArchiveMember.damage("it is no backup of Tussilago")
            }
        case 2:
            guard member.name == ArchiveMember.ledger else { throw ArchiveMember.damage("the ledger is not in it") }
        default: try beginLater(member)
        }
    }

    private mutating func beginLater(_ member: TarHeader) throws(PortError) {
        if member.name.hasPrefix(ArchiveMember.trees) { return try beginInTree(member) }
        try endTree()
        if member.name == ArchiveMember.sums {
            guard member.size <= Self.contentLimit else { throw ArchiveMember.damage("its sums are too long") }
            isSummed = true
        } else if !ArchiveMember.texts.contains(where: member.name.hasPrefix) || !trees.isEmpty {
            throw ArchiveMember.damage("a member \(member.name.prefix(100)) does not belong where it stands")
        }
    }

    mutating func take(_ bytes: [UInt8]) {
        hash.update(data: bytes)
        if count == 1 || isSummed { content += bytes }
    }

    mutating func end() throws(PortError) {
        guard let member else { return }
        let digest = hash.finalize().hexadecimal
        if count == 1 { try readHeader() }
        if isSummed {
            guard content == Array(sums.utf8) else { throw ArchiveMember.damage(unlike) }
        } else if tree != nil {
            if member.kind == .file, let path = Self.path(member.name) {
                tree?.entries.addFile(
                    path, isExecutable: member.mode & 0o100 != 0, size: member.size, digest: digest)
            }
        } else {
            guard sums.utf8.count < Self.contentLimit else { throw ArchiveMember.damage("it has too many members") }
            sums += "\(digest)  \(member.name)\n"
        }
    }

    /// After the last member.
    func finish() throws(PortError) -> ArchiveHeader {
        guard isSummed, let header else { throw ArchiveMember.damage("its sums are missing") }
        return header
    }

    private mutating func readHeader() throws(PortError) {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let header = try? decoder.decode(ArchiveHeader.self, from: Data(content)) else {
            throw ArchiveMember.damage("its head cannot be read")
        }
        guard (1...ArchiveHeader.currentFormat).contains(header.format) else {
            throw PortError(
                .refused, "backup",
                cause:
                    "it was made by a newer version (format \(header.format), this one knows up to \(ArchiveHeader.currentFormat))"
            )
        }
        self.header = header
    }

    /// The member whose sum is another one.
    private var unlike: String {
        let known = Set(String(decoding: content, as: UTF8.self).split(separator: "\n"))
        let wrong = sums.split(separator: "\n").first { !known.contains($0) }
        return "\(wrong.map { String($0.dropFirst(66)) } ?? "a member") is not as it was written"
    }

    // MARK: Trees

    private mutating func beginInTree(_ member: TarHeader) throws(PortError) {
        guard let path = Self.path(member.name) else {
            try endTree()
            let name = member.name.dropFirst(ArchiveMember.trees.count)
            guard member.kind == .directory, let digest = try? TussilagoCore.Digest(name), digest.hexadecimal == name
            else { throw ArchiveMember.damage("a file tree has no digest for a name") }
            tree = (digest, TreeDigest(), 0)
            return
        }
        guard let tree, member.name.hasPrefix("\(ArchiveMember.tree(tree.digest))/"), Self.isPlain(path) else {
            throw ArchiveMember.damage("a file is in no file tree")
        }
        let bytes = tree.bytes + member.size
        guard tree.entries.count < limits.entries, bytes <= limits.bytes,
            path.utf8.count(where: { $0 == UInt8(ascii: "/") }) < limits.depth
        else {
            throw PortError(
                .refused, "backup", cause: "a file tree in it is larger than files.size or files.entries allow here")
        }
        self.tree?.bytes = bytes
        if member.kind == .directory { self.tree?.entries.addDirectory(path) }
    }

    private mutating func endTree() throws(PortError) {
        guard let tree else { return }
        guard try tree.entries.value == tree.digest else {
            throw ArchiveMember.damage("the file tree \(tree.digest.hexadecimal.prefix(12)) is not as it was written")
        }
        trees.append(tree.digest)
        self.tree = nil
    }

    /// The path within a tree; nil for the tree's own directory.
    static func path(_ name: String) -> String? {
        let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(parts[2]) : nil
    }

    private static func isPlain(_ path: String) -> Bool {
        !path.unicodeScalars.contains(where: \.isControl)
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
            }
    }
}
