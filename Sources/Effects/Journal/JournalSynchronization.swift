internal import CShims
internal import Glibc

/// Has journald take in what was written before, as `journalctl --sync` does.
///
/// A unit's job can end before journald has read the unit's last lines, and those are the ones that say why.
enum JournalSynchronization {
    /// Where journald speaks Varlink, with root only; it has the method since systemd 243.
    private static let path = "/run/systemd/journal/io.systemd.journal"
    private static let request = Array(#"{"method":"io.systemd.Journal.Synchronize"}"#.utf8) + [0]
    /// How long journald may take, in seconds: it also writes its files to the disk.
    private static let timeout = 2

    /// Waits until journald is done.
    ///
    /// It is a courtesy: where it is refused or takes too long, the lines are read as they are.
    static func perform() {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        guard tsl_connect_unix(descriptor, path) == 0,
            send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) > 0
        else { return }
        // The answer is one JSON object and a zero byte; that it has come is all that counts.
        var answer: UInt8 = 0
        _ = recv(descriptor, &answer, 1, 0)
    }
}
