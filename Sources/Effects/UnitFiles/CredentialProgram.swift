internal import Glibc
internal import Subprocess
internal import TussilagoCore

/// systemd-creds(1), which encrypts under the host's key. A value goes through pipes only: it is in no argument, no
/// environment and no file.
///
/// The key is the host's alone, and not the TPM's as well: an agent without devices reaches none, and what a TPM seals
/// is lost with an update of the firmware.
struct CredentialProgram: Sendable {
    private let directory: String
    private let name: String
    private let key: String
    private let deadline: Duration

    /// Base64 of the largest value and what surrounds it.
    private static let outputLimit = 2 * Secret.sizes.upperBound + 65_536
    private static let subject = "systemd-creds"

    /// Names the program and the host's key by their absolute paths.
    init(path: String, key: String, deadline: Duration) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        directory = String(path[..<slash])
        name = String(path[slash...].drop { $0 == "/" })
        self.key = key
        self.deadline = deadline
    }

    /// Whether the host has a key. Without one the program would make it, where it may: that is for an admin to decide.
    var hasKey: Bool { access(key, F_OK) == 0 }

    /// Encrypts a value; its name is bound into it, so that no credential can be put in another's place.
    func encrypt(_ secret: Secret, as credential: String) async throws(PortError) -> [UInt8] {
        guard hasKey else { throw PortError(.noKey, "secrets", cause: "this host has no key to encrypt them with") }
        let answer = try await within(deadline) {
            defer { withExtendedLifetime(secret) {} }
            let bytes = secret.bytes
            return try await run(["--with-key=host", "--name=\(credential)", "encrypt", "-", "-"], bytes.span)
        }
        guard answer.succeeded, !answer.output.isEmpty else {
            throw PortError(.unexpected, Self.subject, cause: "it did not encrypt", detail: answer.complaint)
        }
        return answer.output
    }

    /// Decrypts what ``encrypt(_:as:)`` made of a value under the same name.
    func decrypt(_ content: [UInt8], as credential: String) async throws(PortError) -> Secret {
        var answer = try await within(deadline) {
            try await run(["--name=\(credential)", "decrypt", "-", "-"], content.span)
        }
        guard answer.succeeded else {
            throw PortError(
                .noKey, "secrets", cause: "a value cannot be decrypted with this host's key", detail: answer.complaint)
        }
        return Secret(taking: &answer.output)
    }

    private struct Answer: Sendable {
        var output: [UInt8]
        /// What it said; of a value it never says anything.
        let complaint: String
        let succeeded: Bool
    }

    /// A name is looked up in the child's `PATH`, which is the program's directory: so it runs that file or none.
    private func run(_ arguments: [String], _ input: borrowing Span<UInt8>) async throws -> Answer {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .custom(["PATH": directory]), input: input,
            output: .bytes(limit: Self.outputLimit), error: .bytes(limit: 65_536))
        return Answer(
            output: result.standardOutput, complaint: String(decoding: result.standardError, as: UTF8.self),
            succeeded: result.terminationStatus.isSuccess)
    }

    private func within(
        _ deadline: Duration, _ body: @escaping @Sendable () async throws -> Answer
    ) async throws(PortError) -> Answer {
        do {
            return try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    try await Task.sleep(for: deadline)
                    return nil
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() ?? nil else {
                    throw PortError(.timedOut, Self.subject, cause: "it did not end within \(deadline)")
                }
                return answer
            }
        } catch let error as PortError {
            throw error
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw PortError(.notFound, Self.subject, cause: "it is not installed; it comes with systemd")
        } catch is CancellationError {
            throw PortError(.unavailable, Self.subject, cause: "nobody waits for it any more")
        } catch {
            throw PortError(.unavailable, Self.subject, cause: "it could not be run", detail: "\(error)")
        }
    }
}
