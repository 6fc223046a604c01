internal import Queues
internal import TussilagoCore

/// File trees by their content: `trees/DIGEST`, never changed once they are there.
///
/// It has a thread of its own: a large copy takes seconds, and no deploy waits for it.
actor TreeStore {
    private let root: HostRoot
    private let limits: TreeLimits
    private let executor = SerialQueue(label: "tussilago.file-trees")

    init(root: HostRoot, limits: TreeLimits) {
        self.root = root
        self.limits = limits
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private static let temporary = ".importing"

    /// Copies a directory, and moves the copy to the name that its content gives it.
    ///
    /// What is named is what was copied: a source that changes meanwhile comes out as some mixture of its states, and
    /// never breaks the limits or leads elsewhere.
    func importTree(from path: String) throws(PortError) -> Digest {
        let (path, name) = try Self.checked(path)
        guard let source = try Directory.open(path, as: name, followingLink: false) else {
            throw PortError(.notFound, name, cause: "there is no such directory")
        }
        let trees = try root.makeDirectory(.state, HostPaths.trees)
        try trees.removeTree(Self.temporary)
        do {
            let digest = try copy(source, into: trees)
            if try trees.directory(digest.hexadecimal) == nil {
                try trees.rename(Self.temporary, to: digest.hexadecimal)
            } else {
                try trees.removeTree(Self.temporary)
            }
            try trees.sync(as: "trees")
            return digest
        } catch {
            try? trees.removeTree(Self.temporary)
            throw error
        }
    }

    /// The trees that are there.
    func trees() throws(PortError) -> Set<Digest> {
        guard let trees = try root.directory(.state, HostPaths.trees) else { return [] }
        return Set(try trees.names(as: "trees").compactMap { try? Digest($0) })
    }

    /// Removes trees, and what an agent that was killed has left of one. Each loses its name first: what a crash leaves
    /// of it is no tree any more.
    func remove(_ digests: [Digest]) throws(PortError) {
        guard let trees = try root.directory(.state, HostPaths.trees) else { return }
        try trees.removeTree(Self.temporary)
        for digest in digests where try trees.directory(digest.hexadecimal) != nil {
            try trees.rename(digest.hexadecimal, to: Self.temporary)
            try trees.removeTree(Self.temporary)
        }
        if !digests.isEmpty { try trees.sync(as: "trees") }
    }

    private func copy(_ source: borrowing Directory, into trees: borrowing Directory) throws(PortError) -> Digest {
        let target = try trees.makeDirectory(Self.temporary, mode: 0o755)
        var copy = TreeCopy(limits: limits)
        try copy.copy(source, into: target)
        return try copy.digest
    }

    /// The path with no `/` at its end, where `O_NOFOLLOW` would see past a link, and its last part for people.
    private static func checked(_ path: String) throws(PortError) -> (path: String, name: String) {
        let subject = "directory"
        guard path.hasPrefix("/") else { throw PortError(.refused, subject, cause: "its path must be absolute") }
        guard path.utf8.count < 4096, !path.unicodeScalars.contains(where: \.isControl) else {
            throw PortError(.refused, subject, cause: "its path is too long or has control characters in it")
        }
        guard let name = path.split(separator: "/").last else {
            throw PortError(.refused, subject, cause: "a whole host is not imported")
        }
        var path = path
        while path.hasSuffix("/") { path.removeLast() }
        return (path, String(name))
    }
}
