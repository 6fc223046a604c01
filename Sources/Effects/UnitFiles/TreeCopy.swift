internal import Crypto
internal import TussilagoCore

/// One copy of a tree under way: what was copied so far, held to the limits.
///
/// Each directory is opened through its parent's descriptor and each file through its directory's, once and following
/// no link: nothing outside of the tree can be reached, however it is changed meanwhile.
struct TreeCopy {
    private let limits: TreeLimits
    private let owner: UInt32?
    private var bytes = 0
    private var entries = TreeDigest()

    /// Begins a copy; with an `owner`, of what is that user's only.
    init(limits: TreeLimits, owner: UInt32?) {
        self.limits = limits
        self.owner = owner
    }

    /// Copies everything in `source` into `target`, which is empty.
    ///
    /// All of it is on the disk when this returns.
    mutating func copy(_ source: borrowing Directory, into target: borrowing Directory) throws(PortError) {
        try copy(source, into: target, below: "", depth: 1)
    }

    /// What names the copy.
    var digest: TussilagoCore.Digest { get throws(PortError) { try entries.value } }

    private mutating func copy(
        _ source: borrowing Directory, into target: borrowing Directory, below parent: String, depth: Int
    ) throws(PortError) {
        let subject = parent.isEmpty ? "directory" : parent
        guard depth <= limits.depth else {
            throw PortError(.refused, subject, cause: "directories are nested more than \(limits.depth) deep")
        }
        for name in try names(in: source, as: subject) {
            let path = parent.isEmpty ? name : "\(parent)/\(name)"
            switch try source.status(of: name)?.kind {
            case nil: throw PortError(.conflict, path, cause: "it went away while it was copied")
            case .directory:
                guard let inner = try source.directory(name) else { continue }
                guard try inner.belongs(to: owner, as: path) else { throw foreign(path) }
                guard entries.count < limits.entries else { throw tooMany(in: path) }
                entries.addDirectory(path)
                try copy(inner, into: try target.makeDirectory(name, mode: 0o755), below: path, depth: depth + 1)
            case .file: try copyFile(name, from: source, into: target, as: path)
            case .symbolicLink: throw PortError(.refused, path, cause: "symbolic links are not imported")
            case .fifo, .socket, .device:
                throw PortError(.refused, path, cause: "only regular files and directories are imported")
            }
        }
        if !limits.syncsAtOnce { try target.sync(as: subject) }
    }

    /// The names in a directory.
    ///
    /// Counted while they are read: a huge directory is refused, not held. They count again when they are copied.
    private func names(in directory: borrowing Directory, as subject: String) throws(PortError) -> [String] {
        var names: [String] = []
        let room = limits.entries - entries.count
        try directory.forEachName(as: subject) { name throws(PortError) in
            guard names.count < room else { throw tooMany(in: subject) }
            guard let name = String(validatingCString: name), !name.unicodeScalars.contains(where: \.isControl) else {
                throw PortError(.refused, subject, cause: "a name in it is no UTF-8, or has control characters in it")
            }
            names.append(name)
        }
        return names
    }

    /// Each file is synced by itself.
    ///
    /// One `syncfs` for the whole tree waits for what everybody else wrote to that file system; only where there are
    /// thousands of files it is cheaper all the same.
    private mutating func copyFile(
        _ name: String, from source: borrowing Directory, into target: borrowing Directory, as path: String
    ) throws(PortError) {
        guard let file = try source.openFile(name) else {
            throw PortError(.conflict, path, cause: "it went away while it was copied")
        }
        let status = try file.status(as: path)
        guard owner == nil || status.owner == owner else { throw foreign(path) }
        let isExecutable = status.isExecutable
        let copy = try target.createFile(name, mode: isExecutable ? 0o755 : 0o644, as: path)
        var hash = SHA256()
        var size = 0
        while let chunk = try file.read(as: path) {
            size += chunk.count
            bytes += chunk.count
            guard bytes <= limits.bytes else {
                throw PortError(.refused, path, cause: "with it the files have more than \(limits.bytes) bytes")
            }
            hash.update(data: chunk)
            try copy.write(chunk[...], as: path)
        }
        if !limits.syncsAtOnce { try copy.sync(as: path) }
        guard entries.count < limits.entries else { throw tooMany(in: path) }
        entries.addFile(path, isExecutable: isExecutable, size: size, digest: hash.finalize().hexadecimal)
    }

    private func foreign(_ path: String) -> PortError {
        PortError(
            .refused, path, cause: "it does not belong to you; who is not an admin of the host deploys own files only")
    }

    private func tooMany(in subject: String) -> PortError {
        PortError(.refused, subject, cause: "with it there are more than \(limits.entries) files and directories")
    }
}
