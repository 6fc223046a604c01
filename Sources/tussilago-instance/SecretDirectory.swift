import CShims
import Glibc

/// The directory in which an instance finds its secrets: a file system in memory that is never swapped, mounted before
/// the instance starts and unmounted when it has ended.
struct SecretDirectory {
    /// Where all instances' directories are; the same as TussilagoCore's `HostPaths.secrets`.
    static let root = "/run/tussilago-secrets"
    /// Where the encrypted values are; the same as TussilagoCore's `HostPaths.credentials`.
    private static let credentials = "/etc/credstore.encrypted"
    private static let key = "/var/lib/systemd/credential.secret"

    private let path: String

    init(_ instance: Instance) throws(Failure) { path = "\(Self.root)/\(instance.name)" }

    /// Decrypts all secrets of a list, for a user of the host.
    func fill(with list: SecretList, owner: UInt32) throws(Failure) {
        try makeDirectory(Self.root)
        try makeDirectory(path)
        // ramfs and not tmpfs: its pages are never swapped, whatever the kernel's version.
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)
        guard mount("tussilago-secrets", path, "ramfs", flags, "mode=0700") == 0 else {
            throw Failure("the app's secrets cannot be kept in memory", errno: errno)
        }
        for entry in list.entries { try decrypt(entry, owner: owner) }
        // Last: until then only root could look.
        guard chown(path, owner, owner) == 0, chmod(path, 0o500) == 0,
            mount(nil, path, nil, flags | UInt(MS_REMOUNT | MS_RDONLY), nil) == 0
        else { throw Failure("the app's secrets cannot be given to it", errno: errno) }
    }

    /// Takes them away, as often as they are mounted.
    func clear() throws(Failure) {
        for _ in 0..<16 {
            if umount2(path, Int32(UMOUNT_NOFOLLOW)) == 0 { continue }
            // EINVAL: it is no mount point (any more).
            if errno == EINVAL || errno == ENOENT { break }
            guard errno == EBUSY, umount2(path, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) == 0 else {
                throw Failure("the app's secrets cannot be taken away", errno: errno)
            }
        }
        guard rmdir(path) == 0 || errno == ENOENT else {
            throw Failure("the app's secrets cannot be taken away", errno: errno)
        }
    }

    /// systemd-creds(1) writes a value straight into its file: this program never has it.
    ///
    /// One after the other: the programs count as the instance's, within its memory.
    private func decrypt(_ entry: SecretList.Entry, owner: UInt32) throws(Failure) {
        let file = open(
            "\(path)/\(entry.name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o400)
        guard file >= 0 else { throw Failure("secret \(entry.name) cannot be kept in memory", errno: errno) }
        defer { close(file) }
        let credential = "\(Self.credentials)/\(entry.credential)"
        guard run(["/usr/bin/systemd-creds", "--name=\(entry.credential)", "decrypt", credential, "-"], output: file)
        else { throw Failure(Self.reason(entry, credential)) }
        guard fchown(file, owner, owner) == 0 else {
            throw Failure("secret \(entry.name) cannot be given to the app", errno: errno)
        }
    }

    private static func reason(_ entry: SecretList.Entry, _ credential: String) -> String {
        if access(credential, F_OK) != 0 {
            return "the value of secret \(entry.name) is not on this host; set it again"
        }
        if access(key, F_OK) != 0 {
            return "secret \(entry.name) cannot be decrypted: this host has no key for secrets"
        }
        return "secret \(entry.name) cannot be decrypted with this host's key; set it again"
    }

    /// Runs a program with nothing but its output; what it complains of would show the host's paths in the app's log.
    private func run(_ words: [String], output: Int32) -> Bool {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process: pid_t = 0
        guard posix_spawn(&process, words[0], &actions, nil, &arguments, &environment) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return false } }
        return status == 0
    }
}
