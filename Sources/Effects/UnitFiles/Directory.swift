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
    func makeDirectory(_ name: String, mode: mode_t) throws(PortError) -> Directory {
        if let there = try directory(name) { return there }
        let temporary = name.hasPrefix(".") ? name : ".\(name).new"
        try posix("mkdirat", name, nilOn: EEXIST) { mkdirat(descriptor, temporary, mode) }
        let child = try posix("openat", name) { openat(descriptor, temporary, Self.flags | O_NOFOLLOW) }
        let directory = Directory(descriptor: child)
        try posix("fchmod", name) { fchmod(child, mode) }
        if temporary != name { try rename(temporary, to: name) }
        try sync(as: name)
        return directory
    }

    /// Puts the directory's names on the disk.
    ///
    /// The files that they name are synced by themselves.
    func sync(as subject: String) throws(PortError) {
        try posix("fsync", subject) { fsync(descriptor) }
    }

    /// Calls `body` with each name in the directory, in no order, as the C string that the kernel gave.
    func forEachName(as subject: String, _ body: (UnsafePointer<CChar>) throws(PortError) -> Void) throws(PortError) {
        // A descriptor of its own: the stream takes it over, and with it the position.
        let descriptor = try posix("openat", subject) { openat(self.descriptor, ".", Self.flags) }
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            _ = close(descriptor)
            throw PortError(errno: code, "fdopendir", subject)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw PortError(errno: errno, "readdir", subject) }
                return
            }
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return }
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { try body(name) }
        }
    }

    /// The names in a directory of the platform's, sorted.
    ///
    /// Names that are no UTF-8 are nobody's and left out.
    func names(as subject: String) throws(PortError) -> [String] {
        var names: [String] = []
        try forEachName(as: subject) { name throws(PortError) in
            guard names.count < Self.maximumNames else {
                throw PortError(.refused, subject, cause: "there are more than \(Self.maximumNames) files in it")
            }
            if let name = String(validatingCString: name) { names.append(name) }
        }
        return names.sorted()
    }

    /// Far above what the platform makes; a bound for what others put there.
    private static let maximumNames = 100_000
}
