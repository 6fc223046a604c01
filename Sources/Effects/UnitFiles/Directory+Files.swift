internal import Glibc
internal import TussilagoCore

extension Directory {
    /// What stands in a file; nil when it is not there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when it is no regular file or has more than `limit` bytes.
    func read(_ name: String, limit: Int) throws(PortError) -> [UInt8]? { try readFile(name, limit: limit)?.bytes }

    /// What stands in a file, and what it was when it was opened; nil when it is not there.
    /// - Throws: what ``read(_:limit:)`` throws.
    func readFile(_ name: String, limit: Int) throws(PortError) -> (bytes: [UInt8], status: FileStatus)? {
        guard let file = try open(name) else { return nil }
        let status = try file.regularStatus(as: name)
        // One byte more than it has: a file that does not grow meanwhile is read in one call, to its end.
        var bytes = try file.read(as: name, atMost: min(status.size, limit) + 1) ?? []
        guard bytes.count > status.size || bytes.count > limit else { return (bytes, status) }
        while bytes.count <= limit, let chunk = try file.read(as: name) { bytes += chunk }
        guard bytes.count <= limit else {
            throw PortError(.refused, name, cause: "it has more than \(limit) bytes")
        }
        return (bytes, status)
    }

    /// What has a name; nil when nothing has.
    ///
    /// A symbolic link is that, not what it leads to.
    func status(of name: String) throws(PortError) -> FileStatus? {
        var status = stat()
        let found = try posix("fstatat", name, nilOn: ENOENT) {
            fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW)
        }
        return found.map { _ in FileStatus(status) }
    }

    /// Opens a regular file for reading; nil when it is not there.
    ///
    /// A FIFO is not waited for.
    func openFile(_ name: String) throws(PortError) -> OpenFile? {
        guard let file = try open(name) else { return nil }
        _ = try file.regularStatus(as: name)
        return file
    }

    private func open(_ name: String) throws(PortError) -> OpenFile? {
        let descriptor = try posix("openat", name, nilOn: ENOENT) {
            openat(self.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        }
        return descriptor.map { OpenFile(descriptor: $0) }
    }

    /// Makes a file that is not there yet, with `mode` whatever the umask.
    func createFile(_ name: String, mode: mode_t, as subject: String) throws(PortError) -> OpenFile {
        let descriptor = try posix("openat", subject) {
            openat(self.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        }
        let file = OpenFile(descriptor: descriptor)
        try posix("fchmod", subject) { fchmod(descriptor, mode) }
        return file
    }

    /// Writes a new file, on the disk when this returns; its name is there after ``sync(as:)``.
    func write(_ name: String, _ bytes: some Sequence<UInt8>, mode: mode_t, as subject: String) throws(PortError) {
        let file = try createFile(name, mode: mode, as: subject)
        try file.write(Array(bytes)[...], as: subject)
        try file.sync(as: subject)
    }

    /// Writes a file in place of what has its name, in one step: readers see the old or the new.
    ///
    /// The temporary name begins with a dot, which systemd and Podman's generator pass over. It is always the same one,
    /// so that what a crash left behind is removed by the next try.
    func replace(_ name: String, _ bytes: some Sequence<UInt8>, mode: mode_t) throws(PortError) {
        let temporary = ".\(name).new"
        try remove(temporary)
        try write(temporary, bytes, mode: mode, as: name)
        try rename(temporary, to: name)
    }

    /// Makes `name` a symbolic link to `target`, in one step; false when it is that already.
    @discardableResult
    func link(_ name: String, to target: String) throws(PortError) -> Bool {
        if try linkTarget(name) == target { return false }
        let temporary = ".\(name).new"
        try remove(temporary)
        try posix("symlinkat", name) { symlinkat(target, descriptor, temporary) }
        try rename(temporary, to: name)
        return true
    }

    /// Where a symbolic link leads; nil when there is none of that name.
    func linkTarget(_ name: String) throws(PortError) -> String? {
        let descriptor = descriptor
        var result: Result<Int?, PortError> = .success(nil)
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            do throws(PortError) {
                let length = try posix("readlinkat", name, nilOn: ENOENT, EINVAL) {
                    buffer.withMemoryRebound(to: CChar.self) { (bytes) -> Int in
                        guard let start = bytes.baseAddress else { return 0 }
                        return readlinkat(descriptor, name, start, bytes.count)
                    }
                }
                count = length ?? 0
                result = .success(length)
            } catch { result = .failure(error) }
        }
        return try result.get() == nil ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// Gives a file or directory another name.
    func rename(_ name: String, to other: String) throws(PortError) {
        try posix("renameat", other) { renameat(descriptor, name, descriptor, other) }
    }
}
