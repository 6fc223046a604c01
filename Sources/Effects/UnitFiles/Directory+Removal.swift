internal import Glibc
internal import TussilagoCore

extension Directory {
    /// Removes a file or link; false when it is not there.
    @discardableResult
    func remove(_ name: String) throws(PortError) -> Bool {
        try posix("unlinkat", name, nilOn: ENOENT) { unlinkat(descriptor, name, 0) } != nil
    }

    /// Removes a directory if nothing is in it; false when something is, or when it is not there.
    @discardableResult
    func removeDirectory(ifEmpty name: String) throws(PortError) -> Bool {
        try posix("unlinkat", name, nilOn: ENOENT, ENOTEMPTY, EEXIST) { unlinkat(descriptor, name, AT_REMOVEDIR) }
            != nil
    }

    /// Removes a directory with all that is in it.
    ///
    /// Links are removed, never followed.
    ///
    /// Call it for a name that nobody reads any more: it takes its time, and may be cut.
    func removeTree(_ name: String) throws(PortError) { try removeTree(name, levels: Self.maximumLevels) }

    /// Above any tree that the platform makes; each level holds two descriptors.
    private static let maximumLevels = 64

    private func removeTree(_ name: String, levels: Int) throws(PortError) {
        guard levels > 0 else { throw PortError(.refused, name, cause: "its directories are nested too deeply") }
        // Linux answers EISDIR where POSIX has EPERM (unlink(2)).
        let removed = try posix("unlinkat", name, nilOn: EISDIR, ENOENT) { unlinkat(descriptor, name, 0) }
        guard removed == nil else { return }
        guard let child = try directory(name) else { return }
        for entry in try child.names(as: name) { try child.removeTree(entry, levels: levels - 1) }
        try posix("unlinkat", name, nilOn: ENOENT) { unlinkat(descriptor, name, AT_REMOVEDIR) }
    }

    /// Removes what a crash left half-written: all names with a dot in front.
    func removeLeftovers(as subject: String) throws(PortError) {
        for name in try names(as: subject) where name.hasPrefix(".") { try removeTree(name) }
    }
}
