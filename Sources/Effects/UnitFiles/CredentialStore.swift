public import FoundationEssentials
internal import Queues
public import TussilagoCore

/// Encrypted values of secrets, a file each, where systemd has its own (systemd.exec(5) `LoadCredentialEncrypted=`).
///
/// A file's name is an id: who lists them learns neither tenants nor secrets.
public actor CredentialStore: SecretStore {
    private let root: HostRoot
    private let program: CredentialProgram
    private let executor = SerialQueue(label: "tussilago.credentials")

    private static let subject = "secrets"
    /// More than a credential of the largest value has.
    private static let fileLimit = 1 << 20

    /// Opens the store of this host.
    ///
    /// - Parameters:
    ///   - root: A directory that stands for the host's root, for tests.
    ///   - program: systemd's program for credentials.
    ///   - key: The file with the host's key (systemd-creds(1) `setup`).
    ///   - deadline: How long the program may take, which takes some 10 milliseconds.
    public init(
        root: String = "", program: String = "/usr/bin/systemd-creds",
        key: String = "/var/lib/systemd/credential.secret", deadline: Duration = .seconds(20)
    ) {
        self.root = HostRoot(prefix: root)
        self.program = CredentialProgram(path: program, key: root + key, deadline: deadline)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public nonisolated func hasKey() -> Bool { program.hasKey }

    public nonisolated func keep(_ secret: Secret, as credential: UUID) async throws(PortError) {
        let name = HostPaths.credentialName(credential)
        try await write(name, try await program.encrypt(secret, as: name))
    }

    public nonisolated func open(_ credential: UUID) async throws(PortError) -> Secret {
        let name = HostPaths.credentialName(credential)
        return try await program.decrypt(try await read(name), as: name)
    }

    public func stored() throws(PortError) -> [UUID: Date] {
        guard let directory = try root.directory(.credentials) else { return [:] }
        var stored: [UUID: Date] = [:]
        for name in try directory.names(as: Self.subject) where name.hasPrefix(HostPaths.credentialPrefix) {
            // What a crash has left half-written has a dot in front, and other names are others'.
            guard let id = UUID(uuidString: String(name.dropFirst(HostPaths.credentialPrefix.count))),
                HostPaths.credentialName(id) == name, let status = try directory.status(of: name), status.kind == .file
            else { continue }
            stored[id] = status.modified
        }
        return stored
    }

    public func remove(_ credentials: [UUID]) throws(PortError) {
        guard !credentials.isEmpty, let directory = try root.directory(.credentials) else { return }
        for credential in credentials { try directory.remove(HostPaths.credentialName(credential)) }
        try directory.sync(as: Self.subject)
    }

    private func write(_ name: String, _ content: [UInt8]) throws(PortError) {
        guard let directory = try root.directory(.credentials) else {
            throw PortError(
                .unavailable, Self.subject, cause: "there is no place for them; mend: systemd-tmpfiles --create")
        }
        try directory.replace(name, content, mode: 0o600)
        try directory.sync(as: Self.subject)
    }

    private func read(_ name: String) throws(PortError) -> [UInt8] {
        guard let content = try root.directory(.credentials)?.read(name, limit: Self.fileLimit) else {
            throw PortError(.notFound, Self.subject, cause: "a value is not there any more")
        }
        return content
    }
}
