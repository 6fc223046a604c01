internal import Glibc
internal import PeoplesFiles
internal import Queues
internal import TussilagoCore

/// File trees by their content: `trees/DIGEST`, never changed once they are there.
///
/// It has a thread of its own: a large copy takes seconds, and no deploy waits for it.
actor TreeStore {
    private let root: HostRoot
    private let limits: TreeLimits
    private let opener: FileOpener
    private let executor = SerialQueue(label: "tussilago.file-trees")

    init(root: HostRoot, limits: TreeLimits, opener: FileOpener) {
        self.root = root
        self.limits = limits
        self.opener = opener
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private static let temporary = ".importing"

    /// Copies a directory, and moves the copy to the name that its content gives it.
    ///
    /// What is named is what was copied: a source that changes meanwhile comes out as some mixture of its states, and
    /// never breaks the limits or leads elsewhere.
    ///
    /// With an `owner`, all of it must be that user's: the agent may read what its callers may not.
    ///
    /// - Parameter built: its limits, if it is not one of people's directories but what a build has left.
    func importTree(
        from path: String, ownedBy owner: UInt32?, built: TreeLimits? = nil
    ) throws(PortError) -> Digest {
        let (path, name) = try Self.checked(path)
        let source = try source(path, name, owner, built == nil ? opener : FileOpener(socket: nil))
        let trees = try root.makeDirectory(.state, HostPaths.trees)
        try trees.removeTree(Self.temporary)
        do {
            let digest = try copy(source, into: trees, ownedBy: owner, built ?? limits)
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

    /// Opens what is to be copied. Whose it must be learns nothing of what is not: not even whether it is there.
    private func source(
        _ path: String, _ name: String, _ owner: UInt32?, _ opener: FileOpener
    ) throws(PortError) -> Directory {
        do throws(PortError) {
            if let descriptor = try opener.descriptor(.directory, path, as: name, nilOn: ENOENT) {
                let found = Directory(descriptor: descriptor)
                if try found.belongs(to: owner, as: name) { return found }
            }
        } catch { if owner == nil || error.isTransient { throw error } }
        throw PortError(
            .notFound, name,
            cause: owner == nil ? "there is no such directory" : "there is no such directory that belongs to you")
    }

    /// How many bytes the files of a tree have; 0 when it is not there.
    func size(of tree: Digest) throws(PortError) -> Bytes {
        guard let trees = try root.directory(.state, HostPaths.trees), let found = try trees.directory(tree.hexadecimal)
        else { return Bytes(0) }
        return Bytes(Int64(try Self.size(of: found)))
    }

    private static func size(of directory: borrowing Directory) throws(PortError) -> Int {
        var size = 0
        for name in try directory.names(as: "tree") {
            guard let status = try directory.status(of: name) else { continue }
            if status.kind == .directory, let inner = try directory.directory(name) {
                size += try Self.size(of: inner)
            } else {
                size += status.size
            }
        }
        return size
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

    private func copy(
        _ source: borrowing Directory, into trees: borrowing Directory, ownedBy owner: UInt32?, _ limits: TreeLimits
    ) throws(PortError) -> Digest {
        let target = try trees.makeDirectory(Self.temporary, mode: 0o755)
        var copy = TreeCopy(limits: limits, owner: owner)
        try copy.copy(source, into: target)
        if limits.syncsAtOnce { try target.syncFileSystem(as: "trees") }
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
