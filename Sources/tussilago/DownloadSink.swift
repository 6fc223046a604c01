import Glibc
import Synchronization

/// Where a download goes: a file when all is well, else memory, for the agent's problem.
final class DownloadSink: Sendable {
    private struct State {
        var status = 0
        var count = 0
        var problem: [UInt8] = []
        var failure: String?
    }

    private let descriptor: CInt
    private let state = Mutex(State())

    private static let problemLimit = 1 << 20

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    /// How many bytes were written.
    var count: Int { state.withLock(\.count) }
    /// What the agent said instead.
    var problem: [UInt8] { state.withLock(\.problem) }
    /// Why the file could not be written.
    var failure: String? { state.withLock(\.failure) }

    func begin(_ status: Int) -> Bool {
        state.withLock { $0.status = status }
        return true
    }

    /// Takes the next bytes; false when there is no use in more.
    func take(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard state.status == 200 else {
                state.problem += bytes
                return state.problem.count <= Self.problemLimit
            }
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    state.failure = String(cString: strerror(errno))
                    return false
                }
                rest = rest.dropFirst(written)
                state.count += written
            }
            return true
        }
    }
}
