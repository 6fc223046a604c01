import CShims
import Glibc

/// The directory in which a build leaves what it makes: a file system in memory, of a size that it cannot exceed, and gone
/// with it.
///
/// No file system on a disk has a size that a directory could be held to on every host; one in memory has, for its files as
/// well as for its bytes, and what lies in it counts as the build's memory.
struct Workshop {
    /// Where all builds' directories are; the same as TussilagoCore's `HostPaths.buildOutput`.
    static let root = "/run/tussilago-build"
    /// What a build makes; the same as TussilagoCore's `BuildTemplate.Output`.
    private static let outputs = ["app", "packages", "result"]

    private let path: String

    init(_ instance: Instance) { path = "\(Self.root)/\(instance.name)" }

    /// Makes and mounts it for the host's user that the build runs as.
    func mount(owner: UInt32, bytes: Int64, entries: Int) throws(Failure) {
        try makeDirectory(Self.root)
        try makeDirectory(path)
        // The agent copies what is in it and follows no link; nor does anybody else here.
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOSYMFOLLOW)
        let options = "size=\(bytes),nr_inodes=\(entries),mode=0711"
        guard Glibc.mount("tussilago-build", path, "tmpfs", flags, options) == 0 else {
            throw Failure("there is no room for what the build makes", errno: errno)
        }
        for output in Self.outputs {
            let directory = "\(path)/\(output)"
            guard mkdir(directory, 0o700) == 0, chown(directory, owner, owner) == 0 else {
                throw Failure("the build's directories cannot be given to it", errno: errno)
            }
        }
    }

    /// Unmounts it, as often as it is mounted, and with it all that is in it.
    func clear() throws(Failure) {
        for _ in 0..<16 {
            if umount2(path, Int32(UMOUNT_NOFOLLOW)) == 0 { continue }
            // EINVAL: it is no mount point (any more).
            if errno == EINVAL || errno == ENOENT { break }
            guard errno == EBUSY, umount2(path, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 else {
                throw Failure("what the build has made cannot be taken away", errno: errno)
            }
        }
        guard rmdir(path) == 0 || errno == ENOENT else {
            throw Failure("what the build has made cannot be taken away", errno: errno)
        }
    }
}
