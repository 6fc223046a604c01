import CShims
import Glibc

/// The directory in which a sandboxed app makes its socket: all that the sandbox sees of the host's `/run`.
///
/// It is a file system of its own, a few KiB and inodes large, so that the app cannot fill `/run`; and no symbolic
/// link in it is ever followed, or Caddy would dial whatever socket of the host the app points at.
struct SocketDirectory {
    /// The socket's name; the same as TussilagoCore's `Ingress.socketName`.
    static let socketName = "web.sock"

    private let path: String

    init(_ instance: Instance) { path = instance.ingress }

    /// Makes and mounts it for the host's user that the app runs as, with a way through for Caddy's user.
    func mount(owner: UInt32) throws(Failure) {
        let caddy = tsl_user_id("caddy")
        guard caddy >= 0 else { throw Failure("there is no user caddy (mend: apt install caddy)") }
        try makeDirectory(path)
        // Listing, writing and going on to what is below are the app's; Caddy may only go through, as the ACL says.
        let options = "size=64k,nr_inodes=16,mode=0700,uid=\(owner),gid=\(owner)"
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)
        guard Glibc.mount("tussilago-ingress", path, "tmpfs", flags, options) == 0 else {
            throw Failure("cannot mount \(path)", errno: errno)
        }
        let list = AccessControlList(user: UInt32(caddy)).bytes
        guard setxattr(path, "system.posix_acl_access", list, list.count, 0) == 0 else {
            throw Failure("cannot let caddy through \(path)", errno: errno)
        }
    }

    /// Unmounts it, as often as it is mounted.
    func unmount() throws(Failure) {
        for _ in 0..<16 {
            if umount2(path, Int32(UMOUNT_NOFOLLOW)) == 0 { continue }
            // EINVAL: it is no mount point (any more).
            if errno == EINVAL || errno == ENOENT { return }
            guard errno == EBUSY, umount2(path, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 else {
                throw Failure("cannot unmount \(path)", errno: errno)
            }
        }
    }

    /// Lets Caddy connect to the socket, which the app made with a mode of its own.
    ///
    /// Only the directory guards it, so the mode may be for all. The app may put something else in its place at any
    /// moment: what is changed is what was looked at, through its descriptor.
    func openSocket() throws(Failure) {
        let socket = open("\(path)/\(Self.socketName)", TSL_O_PATH | O_NOFOLLOW | O_CLOEXEC)
        guard socket >= 0 else { throw Failure("cannot open the app's socket", errno: errno) }
        defer { close(socket) }
        var status = stat()
        guard fstat(socket, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure("the app put something else in the place of its socket")
        }
        // fchmod(2) refuses a descriptor of O_PATH; through /proc the same file is found again.
        guard chmod("/proc/self/fd/\(socket)", 0o666) == 0 else {
            throw Failure("cannot let caddy connect to the app's socket", errno: errno)
        }
    }
}
