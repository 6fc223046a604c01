import Glibc

/// gVisor's runsc, the only program that is ever run.
struct Runsc {
    /// Where it is.
    let path: String

    /// Where gVisor's own package and Debian's put it, then where people put it.
    private static let places = ["/usr/bin/runsc", "/usr/local/bin/runsc"]

    /// Finds runsc; whoever could write to it would be root.
    init() throws(Refusal) {
        for place in Self.places {
            var status = stat()
            guard stat(place, &status) == 0 else { continue }
            guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & S_IXUSR != 0 else {
                throw Refusal("\(place) is not a program; install gVisor's runsc anew")
            }
            guard status.st_uid == 0, status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
                throw Refusal(
                    "\(place) must belong to root alone (mend: chown root:root \(place) && chmod 755 \(place))")
            }
            path = place
            return
        }
        throw Refusal("gVisor's runsc is not installed (mend: apt install runsc); no other runtime is ever used")
    }

    /// The flags of every call, first on the command line.
    ///
    /// All are known since release 20240729. A runsc that does not know one of them, older or newer, refuses to run.
    /// What later releases have beside them (`--allow-suid`, `--allow-packet-socket-write`, …) is safe by default.
    static func flags(sockets: Container.Sockets) -> [String] {
        [
            // The only platform that needs neither KVM nor ptrace.
            "--platform=systrap",
            // The sandbox itself opens no host file: the gofer does, as the tenant's mapped root.
            "--directfs=false",
            // What a root file system that is not read-only gets written goes to the sandbox's own memory.
            "--overlay2=root:memory",
            "--file-access-mounts=shared",
            "--network=sandbox",
            "--net-raw=false",
            // An app may make its ingress's socket. It can connect to a socket of the host only where its tenant's pooler is
            // mounted, and then to no other: whatever else is mounted has none.
            "--host-uds=\(sockets.flag)",
            "--host-fifo=none",
            // No annotation changes a flag.
            "--allow-flag-override=false",
        ]
    }

    /// Becomes runsc, with nothing of the caller's environment.
    func become(arguments: [String]) throws(Refusal) -> Never {
        var words = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        var environment = [strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nil]
        execve(path, &words, &environment)
        throw Refusal("cannot run \(path)", errno: errno)
    }
}
