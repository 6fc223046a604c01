internal import CShims
internal import Glibc
internal import TussilagoCore

/// An open directory.
///
/// What is in it is reached by single names through its descriptor, so that nobody can move it away below a call, and
/// no symbolic link in it is followed.
struct Directory: ~Copyable {
    let descriptor: Int32

    private static let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// Opens a directory by its path; nil when it is not there.
    ///
    /// With `followingLink` the path's last part may be a symbolic link.
    static func open(_ path: String, as subject: String, followingLink: Bool) throws(PortError) -> Directory? {
        let flags = followingLink ? flags : flags | O_NOFOLLOW
        let descriptor = try posix("open", subject, nilOn: ENOENT) { Glibc.open(path, flags) }
        return descriptor.map { Directory(descriptor: $0) }
    }

    /// Opens a directory in this one; nil when it is not there.
    func directory(_ name: String) throws(PortError) -> Directory? {
        let descriptor = try posix("openat", name, nilOn: ENOENT) {
            openat(self.descriptor, name, Self.flags | O_NOFOLLOW)
        }
        return descriptor.map { Directory(descriptor: $0) }
    }

    /// Opens a directory in this one, and makes it with `mode`, whatever the umask, when it is not there.
    ///
    /// It is made beside its place: a crash in between would leave one that has the umask's mode for ever.
    /// - Parameter subject: what errors name, if not the directory.
    func makeDirectory(_ name: String, mode: mode_t, as subject: String? = nil) throws(PortError) -> Directory {
        if let there = try directory(name) { return there }
        let temporary = name.hasPrefix(".") ? name : ".\(name).new", subject = subject ?? name
        try posix("mkdirat", subject, nilOn: EEXIST) { mkdirat(descriptor, temporary, mode) }
        do throws(PortError) {
            let child = try posix("openat", subject) { openat(descriptor, temporary, Self.flags | O_NOFOLLOW) }
            let directory = Directory(descriptor: child)
            try posix("fchmod", subject) { fchmod(child, mode) }
            if temporary != name {
                try posix("renameat", subject) { renameat(descriptor, temporary, descriptor, name) }
            }
            try sync(as: subject)
            return directory
        } catch {
            if temporary != name { _ = try? removeDirectory(ifEmpty: temporary) }
            throw error
        }
    }

    /// Whether it belongs to a user, by the host's number; to anybody where none is asked for.
    func belongs(to owner: UInt32?, as subject: String) throws(PortError) -> Bool {
        guard let owner else { return true }
        var status = stat()
        try posix("fstat", subject) { fstat(descriptor, &status) }
        return status.st_uid == owner
    }

    /// Puts the directory's names on the disk.
    ///
    /// The files that they name are synced by themselves.
    func sync(as subject: String) throws(PortError) {
        try posix("fsync", subject) { fsync(descriptor) }
    }

    /// Puts all that was written to its file system on the disk.
    func syncFileSystem(as subject: String) throws(PortError) {
        try posix("syncfs", subject) { tsl_syncfs(descriptor) }
    }

    /// Calls `body` with each name in the directory, in no order, as the C string that the kernel gave, and with whether it
    /// is a symbolic link; nil where the file system does not tell.
    ///
    /// Without readdir(3), which would have a descriptor and 32 KB of its own for each directory: a look at a host goes
    /// through hundreds of them.
    func forEachEntry(
        as subject: String, _ body: (UnsafePointer<CChar>, _ isLink: Bool?) throws(PortError) -> Void
    ) throws(PortError) {
        try posix("lseek", subject) { lseek(descriptor, 0, SEEK_SET) }
        let entries = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.entriesSize, alignment: 8)
        defer { entries.deallocate() }
        while let start = entries.baseAddress {
            let size = try posix("getdents64", subject) {
                tsl_directory_entries(descriptor, start, entries.count)
            }
            guard size > 0 else { return }
            // struct linux_dirent64 of getdents64(2): inode, offset, length, type, name.
            var next = 0
            while next + Self.entryName < size {
                let entry = start + next
                let name = (entry + Self.entryName).assumingMemoryBound(to: CChar.self)
                let type = Int((entry + Self.entryType).load(as: UInt8.self))
                next += max(Int((entry + Self.entryLength).load(as: UInt16.self)), Self.entryName)
                guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { continue }
                try body(name, type == DT_UNKNOWN ? nil : type == DT_LNK)
            }
        }
    }

    private static let (entriesSize, entryLength, entryType, entryName) = (4096, 16, 18, 19)

    /// Calls `body` with each name in the directory, in no order, as the C string that the kernel gave.
    func forEachName(as subject: String, _ body: (UnsafePointer<CChar>) throws(PortError) -> Void) throws(PortError) {
        try forEachEntry(as: subject) { (name, _) throws(PortError) in try body(name) }
    }

    /// The names of the symbolic links in a directory of the platform's, sorted.
    func links(as subject: String) throws(PortError) -> [String] {
        var names: [String] = []
        try forEachEntry(as: subject) { (name, isLink) throws(PortError) in
            guard names.count < Self.maximumNames else { throw Self.tooMany(subject) }
            guard isLink ?? true, let name = String(validatingCString: name) else { return }
            if isLink == nil, try linkTarget(name) == nil { return }
            names.append(name)
        }
        return names.sorted()
    }

    /// The names in a directory of the platform's, sorted.
    ///
    /// Names that are no UTF-8 are nobody's and left out.
    func names(as subject: String) throws(PortError) -> [String] {
        var names: [String] = []
        try forEachName(as: subject) { name throws(PortError) in
            guard names.count < Self.maximumNames else { throw Self.tooMany(subject) }
            if let name = String(validatingCString: name) { names.append(name) }
        }
        return names.sorted()
    }

    /// Far above what the platform makes; a bound for what others put there.
    private static let maximumNames = 100_000

    private static func tooMany(_ subject: String) -> PortError {
        PortError(.refused, subject, cause: "there are more than \(maximumNames) files in it")
    }
}
