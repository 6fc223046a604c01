public import FoundationEssentials
internal import Glibc
public import PeoplesFiles
internal import Queues
public import TussilagoCore

/// Archives in files of this host.
///
/// An archive is written to a file that has no name, and read from there: it has its length before its first byte is
/// sent, and what goes wrong is told instead of half an archive.
public actor FileArchives: ArchiveStore {
    private let root: HostRoot
    private let limits: TreeLimits
    private let opener: FileOpener
    private let executor = SerialQueue(label: "tussilago.archives")

    /// Keeps archives of this host.
    ///
    /// - Parameters:
    ///   - root: A directory that stands for the host's root, for tests. Paths of archives and ledgers are the host's.
    ///   - limits: How large a file tree may be that is taken out.
    ///   - opener: Who opens archives and keys of people's.
    public init(
        root: String = "", limits: TreeLimits = .standard, opener: FileOpener = FileOpener(socket: nil)
    ) {
        self.root = HostRoot(prefix: root)
        self.limits = limits
        self.opener = opener
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public func write(_ contents: ArchiveContents) async throws(PortError) -> any ArchiveReading {
        var writer = try ArchiveWriter(try nameless(), contents.header)
        guard let ledger = try open(contents.ledger, as: "ledger", by: FileOpener(socket: nil)) else {
            throw PortError(.notFound, "ledger", cause: "its copy is not there")
        }
        try writer.addFile(ArchiveMember.ledger, ledger)
        while let texts = try await contents.texts() {
            for text in texts { try writer.add(text.name, Array(text.text.utf8)) }
        }
        if let path = contents.secretsKey {
            let seal = try SecretSeal(path: path, opener)
            while let (credential, secret) = try await contents.secrets() {
                try writer.add(
                    "\(ArchiveMember.secrets)\(credential.lowercased)", try seal.seal(secret, as: credential))
            }
        }
        for digest in try await contents.trees() {
            guard let tree = try root.directory(.state, "\(HostPaths.trees)/\(digest.hexadecimal)") else {
                throw PortError(
                    .notFound, "file tree \(digest.hexadecimal.prefix(12))", cause: "a release needs it, and it is gone"
                )
            }
            try writer.addTree(digest, tree)
        }
        let size = try writer.finish()
        return try ArchiveFile(writer.take(), size: size)
    }

    public func verify(_ path: String) throws(PortError) -> VerifiedArchive {
        var sink = NoSink()
        return try read(path, into: &sink)
    }

    public func extractLedger(_ archive: VerifiedArchive, to path: String) throws(PortError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw PortError(errno: errno, "unlink", "ledger") }
        let descriptor = try posix("open", "ledger") {
            Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        var sink = LedgerSink(OpenFile(descriptor: descriptor))
        try readAgain(archive, into: &sink)
    }

    public func secrets(of archive: VerifiedArchive, key path: String) throws(PortError) -> [UUID: Secret] {
        let seal = try SecretSeal(path: path, opener)
        var sink = SecretSink()
        try readAgain(archive, into: &sink)
        var secrets: [UUID: Secret] = [:]
        for (credential, sealed) in sink.sealed { secrets[credential] = try seal.open(sealed, as: credential) }
        return secrets
    }

    public func importTrees(_ archive: VerifiedArchive) throws(PortError) {
        var sink = TreeSink(try root.makeDirectory(.state, HostPaths.trees))
        do throws(PortError) { try readAgain(archive, into: &sink) } catch {
            try? root.directory(.state, HostPaths.trees)?.removeTree(TreeSink.temporary)
            throw error
        }
    }

    private func readAgain(
        _ archive: VerifiedArchive, into sink: inout some ArchiveSink & ~Copyable
    ) throws(PortError) {
        guard try read(archive.path, into: &sink) == archive else {
            throw PortError(.conflict, "backup", cause: "it was changed while it was read")
        }
    }

    private func read(
        _ path: String, into sink: inout some ArchiveSink & ~Copyable
    ) throws(PortError) -> VerifiedArchive {
        guard path.hasPrefix("/") else { throw PortError(.refused, "backup", cause: "its path must be absolute") }
        guard let file = try open(path, as: "backup", by: opener) else {
            throw PortError(.notFound, "backup", cause: "there is no such file on this host")
        }
        var reader = ArchiveReader(file)
        let found = try reader.read(limits: limits, into: &sink)
        return VerifiedArchive(path: path, header: found.header, digest: found.digest, trees: found.trees)
    }

    private func open(_ path: String, as subject: String, by opener: FileOpener) throws(PortError) -> OpenFile? {
        guard let descriptor = try opener.descriptor(.file, path, as: subject, nilOn: ENOENT) else { return nil }
        let file = OpenFile(descriptor: descriptor)
        guard try file.status(as: subject).kind == .file else {
            throw PortError(.refused, subject, cause: "it is not a regular file")
        }
        return file
    }

    /// A file that is gone when it is closed.
    private func nameless() throws(PortError) -> OpenFile {
        let state = try root.makeDirectory(.state)
        let name = ".backup.new"
        try state.remove(name)
        let descriptor = try posix("openat", "backup") {
            openat(state.descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        let file = OpenFile(descriptor: descriptor)
        try state.remove(name)
        return file
    }
}

/// An archive that was written, to be read once.
private actor ArchiveFile: ArchiveReading {
    private let file: OpenFile
    nonisolated let size: Int
    private let executor = SerialQueue(label: "tussilago.archive")

    init(_ file: consuming OpenFile, size: Int) throws(PortError) {
        let descriptor = file.descriptor
        try posix("lseek", "backup") { lseek(descriptor, 0, SEEK_SET) }
        self.file = file
        self.size = size
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func next() throws(PortError) -> [UInt8]? { try file.read(as: "backup") }
}
