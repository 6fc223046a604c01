import ArgumentParser
import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes all that the platform has into one file.",
        discussion: """
            Tenants, apps, releases, their files and what was done are in it, and so are the apps' environments: keep it as \
            safe as the host. Images are not in it. The values of secrets are in it only with --secrets-key, encrypted with \
            that key: keep it elsewhere.
            """)
    @OptionGroup var options: GlobalOptions
    @OptionGroup var key: SecretsKeyOption
    @Argument(help: "The file to write, or - for standard output.") var file: String

    func run() async throws {
        let path = try Paths.backup(secretsKey: key.path(json: options.json))
        if file == "-" {
            _ = try await options.client.download(path, to: STDOUT_FILENO)
            return
        }
        let target = try OutputFile(file, json: options.json)
        let size = try await options.client.download(path, to: target.descriptor)
        try target.commit()
        try options.output.show(BackupResult(file: file, bytes: size, secrets: key.secretsKey != nil)) {
            "\($0.file) has \($0.bytes) bytes, \($0.secrets ? "with" : "without") the values of secrets"
        }
    }
}

/// What `backup --json` prints.
private struct BackupResult: Encodable {
    let file: String
    let bytes: Int
    /// Whether the values of secrets are in it.
    let secrets: Bool
}

/// The file with the key for the values of secrets.
struct SecretsKeyOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A file with 32 random bytes or more, for the values of secrets: openssl rand -base64 32.",
            valueName: "file"))
    var secretsKey: String?

    /// Its absolute path: the agent has another working directory.
    func path(json: Bool) throws -> String? {
        guard let secretsKey else { return nil }
        guard let resolved = realpath(secretsKey, nil) else {
            throw CommandFailure(
                Problem(
                    .invalidRequest, "the key \(secretsKey) cannot be read: \(String(cString: strerror(errno)))",
                    field: "secrets_key", remedy: "make one: (umask 077; openssl rand -base64 32 > \(secretsKey))"),
                json: json)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes an empty host what another was when it was backed up.",
        discussion: """
            The file is read whole before anything is changed; one that is not as it was written is refused. Images that \
            apps need must be in the host's storage.
            """)
    @OptionGroup var options: GlobalOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup var key: SecretsKeyOption
    @Argument(help: "A file that backup has written, on this host.") var file: String

    func run() async throws {
        guard let resolved = realpath(file, nil) else {
            throw CommandFailure(
                Problem(
                    .invalidRequest, "the file \(file) cannot be read: \(String(cString: strerror(errno)))",
                    field: "file"),
                json: options.json)
        }
        defer { free(resolved) }
        let request = RestoreRequest(
            file: String(cString: resolved), secretsKey: try key.path(json: options.json))
        try await write.perform(Paths.restore, request, options: options)
    }
}

/// A file that is there whole or not at all: it is written beside its place, and moved there at the end.
private final class OutputFile {
    let descriptor: CInt
    private let path: String
    private let json: Bool
    private var isDone = false
    private var temporary: String { "\(path).part" }

    init(_ path: String, json: Bool) throws {
        self.path = path
        self.json = json
        unlink("\(path).part")
        descriptor = open("\(path).part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure() }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isDone, descriptor >= 0 { unlink("\(path).part") }
    }

    /// Puts the file in its place, and on the disk.
    func commit() throws {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure() }
        isDone = true
        let directory = open(
            path.lastIndex(of: "/").map { "\(path[...$0])" } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(directory) }
        guard directory >= 0, fsync(directory) == 0 else { throw failure() }
    }

    private func failure() -> CommandFailure {
        let reason = String(cString: strerror(errno))
        return CommandFailure(
            Problem(.invalidRequest, "\(path) cannot be written: \(reason)", field: "file"), json: json)
    }
}
