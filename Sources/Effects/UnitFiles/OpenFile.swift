internal import FoundationEssentials
internal import Glibc
internal import TussilagoCore

/// An open file.
struct OpenFile: ~Copyable {
    let descriptor: Int32

    /// How much is read at a time.
    static let chunk = 65_536

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// What it is, and how long.
    func status(as subject: String) throws(PortError) -> FileStatus {
        var status = stat()
        try posix("fstat", subject) { fstat(descriptor, &status) }
        return FileStatus(status)
    }

    /// The same of what must be a regular file.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when it is anything else.
    func regularStatus(as subject: String) throws(PortError) -> FileStatus {
        let status = try status(as: subject)
        guard status.kind == .file else { throw PortError(.refused, subject, cause: "it is not a regular file") }
        return status
    }

    /// The next bytes; nil at the end.
    func read(as subject: String, atMost limit: Int = OpenFile.chunk) throws(PortError) -> [UInt8]? {
        // Not zeroed first: most files are short, and many are looked at.
        let descriptor = descriptor
        var failure: PortError?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(PortError) {
                count = try posix("read", subject) { Glibc.read(descriptor, buffer.baseAddress, limit) }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes.isEmpty ? nil : bytes
    }

    /// Writes all of `bytes`.
    func write(_ bytes: ArraySlice<UInt8>, as subject: String) throws(PortError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = try posix("write", subject) {
                rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest.removeFirst(written)
        }
    }

    /// Puts what was written on the disk.
    func sync(as subject: String) throws(PortError) {
        try posix("fsync", subject) { fsync(descriptor) }
    }
}

/// What a file is, as far as anyone here asks.
struct FileStatus {
    /// The kinds of files.
    enum Kind { case file, directory, symbolicLink, fifo, socket, device }

    let kind: Kind
    /// How many bytes it has.
    let size: Int
    /// Whether its owner may execute it.
    let isExecutable: Bool
    /// Whose it is: a number of the host.
    let owner: UInt32
    /// When its content was written.
    let modified: Date

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            default: .device
            }
        size = Int(status.st_size)
        isExecutable = status.st_mode & S_IXUSR != 0
        owner = status.st_uid
        modified = Date(
            timeIntervalSince1970: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
    }
}
