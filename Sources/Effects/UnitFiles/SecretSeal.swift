internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import PeoplesFiles
internal import TussilagoCore

/// Encrypts the values of secrets for a backup, under a key that an admin keeps in a file: the host's own key stays on the
/// host.
///
/// ChaCha20-Poly1305 (RFC 8439) under HKDF-SHA256 (RFC 5869) of the file's content. The credential's id is authenticated
/// with each value, so that none can be put in another's place.
struct SecretSeal {
    private let key: SymmetricKey

    private static let subject = "secrets key"
    /// As many as the key itself has; a file of fewer could be guessed.
    private static let least = 32
    private static let most = 65_536

    /// Reads the key's file, which only its owner may read.
    init(path: String, _ opener: FileOpener) throws(PortError) {
        guard path.hasPrefix("/") else { throw PortError(.notFound, Self.subject, cause: "its path must be absolute") }
        let descriptor = try opener.descriptor(
            .file, path, as: Self.subject, nilOn: ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, ENXIO)
        guard let descriptor else {
            throw PortError(.notFound, Self.subject, cause: "there is no such file on this host")
        }
        let file = OpenFile(descriptor: descriptor)
        var status = stat()
        try posix("fstat", Self.subject) { fstat(descriptor, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PortError(.notFound, Self.subject, cause: "it is not a regular file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw PortError(.notFound, Self.subject, cause: "others may read the file; mend: chmod 600")
        }
        var content: [UInt8] = []
        while content.count <= Self.most, let more = try file.read(as: Self.subject) { content += more }
        guard (Self.least...Self.most).contains(content.count) else {
            throw PortError(
                .notFound, Self.subject,
                cause: "it must have \(Self.least) to \(Self.most) random bytes; make one: openssl rand -base64 32")
        }
        let secret = Secret(taking: &content)
        key = withExtendedLifetime(secret) {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: secret.bytes), info: Data("tussilago backup".utf8),
                outputByteCount: 32)
        }
    }

    func seal(_ secret: Secret, as credential: UUID) throws(PortError) -> [UInt8] {
        defer { withExtendedLifetime(secret) {} }
        do {
            let box = try ChaChaPoly.seal(secret.bytes, using: key, authenticating: Data(credential.lowercased.utf8))
            return Array(box.combined)
        } catch { throw PortError(.unexpected, "backup", cause: "a secret cannot be encrypted", detail: "\(error)") }
    }

    func open(_ sealed: [UInt8], as credential: UUID) throws(PortError) -> Secret {
        do {
            let value = try ChaChaPoly.open(
                try ChaChaPoly.SealedBox(combined: sealed), using: key,
                authenticating: Data(credential.lowercased.utf8))
            var bytes = Array(value)
            return Secret(taking: &bytes)
        } catch {
            throw PortError(.refused, Self.subject, cause: "it is not the one that the backup was made with")
        }
    }
}

/// Takes the values of secrets out, as they were sealed.
struct SecretSink: ArchiveSink {
    private(set) var sealed: [UUID: [UInt8]] = [:]
    private var credential: UUID?
    private var size = 0

    /// What is held at once, in bytes.
    private static let limit = 256 << 20

    mutating func begin(_ member: TarHeader) throws(PortError) {
        credential = nil
        guard member.name.hasPrefix(ArchiveMember.secrets) else { return }
        guard let id = UUID(uuidString: String(member.name.dropFirst(ArchiveMember.secrets.count))),
            sealed[id] == nil, member.size <= 2 * Secret.sizes.upperBound
        else { throw ArchiveMember.damage("a secret has no id for a name, or is too long") }
        size += member.size
        guard size <= Self.limit else { throw ArchiveMember.damage("it has too many secrets") }
        credential = id
        sealed[id] = []
    }

    mutating func take(_ bytes: [UInt8]) {
        if let credential { sealed[credential]? += bytes }
    }

    mutating func end() { credential = nil }
}
