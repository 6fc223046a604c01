internal import Subprocess
internal import TussilagoCore

/// Podman's generator of systemd units (podman-systemd.unit(5)), run for its answer alone: it writes nothing.
struct QuadletGenerator: Sendable {
    private let directory: String
    private let name: String
    private let deadline: Duration

    /// More than it says of any batch of units that one app can have.
    private static let outputLimit = 1_048_576
    private static let subject = "Podman's generator"

    /// Names the generator by its absolute path.
    ///
    /// It takes milliseconds; longer than the deadline only on a host that is past helping.
    init(path: String, deadline: Duration = .seconds(20)) {
        self.deadline = deadline
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        directory = String(path[..<slash])
        name = String(path[slash...].drop { $0 == "/" })
    }

    /// What the generator printed: the units, and what it has to say about them.
    struct Answer: Sendable {
        let units: String
        let complaints: String
        let succeeded: Bool
    }

    /// Has it print the units that it makes of the quadlets in a directory.
    ///
    /// It sees no others, and no environment.
    func units(ofQuadletsIn directory: String) async throws(PortError) -> Answer {
        do {
            return try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask { try await run(directory) }
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
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw PortError(.refused, Self.subject, cause: "it printed more than \(Self.outputLimit) bytes")
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw PortError(.notFound, Self.subject, cause: "it is not installed; it comes with Podman 4.4 and later")
        } catch is CancellationError {
            throw PortError(.unavailable, Self.subject, cause: "the check was cancelled")
        } catch {
            throw PortError(.unavailable, Self.subject, cause: "it could not be run", detail: "\(error)")
        }
    }

    /// A name is looked up in the child's `PATH`, which is the generator's directory: so it runs that file or none.
    private func run(_ quadlets: String) async throws -> Answer {
        let result = try await Subprocess.run(
            .name(name), arguments: ["--dryrun"],
            environment: .custom(["PATH": directory, "QUADLET_UNIT_DIRS": quadlets]),
            output: .bytes(limit: Self.outputLimit), error: .bytes(limit: Self.outputLimit))
        return Answer(
            units: String(decoding: result.standardOutput, as: UTF8.self),
            complaints: String(decoding: result.standardError, as: UTF8.self),
            succeeded: result.terminationStatus.isSuccess)
    }
}
