import Glibc

/// The container of an instance that ended so badly that it could not be removed: its supervisor and Podman's own
/// clean-up were killed.
///
/// `podman run --replace` fails on such a one, since it asks the supervisor to stop it; `podman rm --force` does not.
struct LeftContainer {
    private let identityFile: String

    init(of instance: Instance) { identityFile = "/run/\(instance.name).cid" }

    /// Removes it; nothing when the last one ended in good order, as almost always.
    func remove() {
        guard access(identityFile, F_OK) == 0 else { return }
        let words = ["/usr/bin/podman", "rm", "--volumes", "--force", "--ignore", "--cidfile=\(identityFile)"]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        guard posix_spawn(&process, words[0], nil, nil, &arguments, environ) == 0 else { return }
        // Whether it helped is seen by the start that follows.
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
}
