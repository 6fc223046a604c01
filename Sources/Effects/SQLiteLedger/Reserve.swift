internal import Glibc

/// Room that is kept beside the ledger, so that on a full disk apps can still be stopped and deleted: that makes room.
struct Reserve {
    /// The file that takes the room.
    let path: String

    /// What deleting an app writes to the ledger's log, to Caddy's file and to the journal of the file system, many times over.
    private static let size: off_t = 8 << 20

    /// Takes the room, if it is not taken. A disk that has too little is no error: it has just what others left.
    func keep() {
        guard access(path, F_OK) != 0 else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        // Taken for good, unlike a file with a hole; it fails as a whole when there is not enough.
        if posix_fallocate(file, 0, Self.size) != 0 { unlink(path) }
    }

    /// Gives the room back.
    /// - Returns: whether there was any.
    func release() -> Bool { unlink(path) == 0 }
}
