internal import Glibc
internal import TussilagoCore

/// The file that Caddy starts with: read as a whole, replaced as a whole.
struct ConfigurationFile {
    let path: String

    /// Far above what ten thousand routes take.
    private static let sizeLimit = 64 << 20
    /// Caddy must read it, and nobody else needs to.
    private static let groupName = "caddy"

    /// The content; nil when there is no file.
    func read() throws(PortError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open")
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        while content.count <= Self.sizeLimit {
            let count = piece.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return content }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("read") }
            content += piece[..<count]
        }
        throw PortError(.unexpected, name, cause: "it is over \(Self.sizeLimit >> 20) MB", detail: path)
    }

    /// Replaces the file, so that a reader and a power loss find the old content or the new; nil removes it.
    func replace(with content: [UInt8]?) throws(PortError) {
        if let content {
            try ensureDirectory()
            // One name: what a crash leaves behind is written over by the next. There is one writer.
            let temporary = "\(directory)/.\(name).new"
            do throws(PortError) {
                try write(content, to: temporary)
                guard rename(temporary, path) == 0 else { throw failure("rename") }
            } catch {
                unlink(temporary)
                throw error
            }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("unlink") }
        }
        try synchronizeDirectory()
    }

    // MARK: The mark beside it

    /// Whether the running Caddy may not have been told what the file has.
    var isOwed: Bool { access(mark, F_OK) == 0 }

    /// Notes that it may not have been. Nothing is synced: after a boot Caddy has read the file.
    func owe() throws(PortError) {
        try ensureDirectory()
        let descriptor = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
        close(descriptor)
    }

    /// Notes that it was. A mark that stays costs one request too many.
    func settle() { if isOwed { unlink(mark) } }

    private var mark: String { "\(directory)/.\(name).owed" }

    // MARK: Parts

    private func write(_ content: [UInt8], to temporary: String) throws(PortError) {
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        var rest = content[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure("write") }
            rest = rest.dropFirst(written)
        }
        try give(descriptor)
        guard fchmod(descriptor, 0o640) == 0 else { throw failure("fchmod") }
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    /// In a directory that tmpfiles.d has made, files have Caddy's group from the start: the agent may not give files away.
    private func give(_ descriptor: CInt) throws(PortError) {
        guard let group = groupOfCaddy else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("fstat") }
        guard status.st_gid != group else { return }
        guard fchown(descriptor, 0, group) == 0 else { throw failure("fchown") }
    }

    private func ensureDirectory() throws(PortError) {
        guard mkdir(directory, 0o750) == 0 else {
            if errno == EEXIST { return }
            throw failure("mkdir")
        }
        if let group = groupOfCaddy { guard chown(directory, 0, group) == 0 else { throw failure("chown") } }
    }

    private func synchronizeDirectory() throws(PortError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    /// The group that Caddy runs as; nil when the host has none, or this process could not give a file to it.
    private var groupOfCaddy: gid_t? {
        guard geteuid() == 0 else { return nil }
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { buffer in
            guard getgrnam_r(Self.groupName, &entry, buffer.baseAddress, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            return entry.gr_gid
        }
    }

    private var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    private var directory: String { String(path.dropLast(name.count + 1)) }

    private func failure(_ call: String) -> PortError {
        let code = errno
        let detail = "\(call) \(path): \(String(cString: strerror(code)))"
        return switch code {
        case ENOSPC, EDQUOT: PortError(.noSpace, name, cause: "the disk is full", detail: detail)
        case EROFS, EACCES, EPERM, ELOOP:
            PortError(.refused, name, cause: "the host does not let the agent have this file", detail: detail)
        default: PortError(.unexpected, name, cause: "it cannot be read or replaced", detail: detail)
        }
    }
}
