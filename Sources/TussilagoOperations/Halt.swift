import Synchronization
import TussilagoCore

/// Says that an operation shall not go on: somebody cancelled it, or its time is over.
///
/// It counts up to the commit point: between steps, and in the midst of those that wait. What leads back is not halted.
final class Halt: Sendable {
    /// Why an operation does not go on.
    enum Reason: Hashable, Sendable {
        case cancelled
        case deadline(Duration)
    }

    private struct State {
        var reason: Reason?
        var step: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// Halts whatever is under way; the first reason counts.
    func set(_ reason: Reason) {
        let step = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            return state.step
        }
        step?.cancel()
    }

    /// - Throws: ``PortError/Code-swift.enum/cancelled`` or ``PortError/Code-swift.enum/expired`` once it is set.
    func check() throws(PortError) {
        if let error { throw error }
    }

    /// Why nothing goes on, as an error; nil while it does.
    var error: PortError? {
        switch state.withLock(\.reason) {
        case nil: nil
        case .cancelled: PortError(.cancelled, "operation", cause: "it was cancelled")
        case .deadline(let limit): PortError(.expired, "operation", cause: "it did not end within \(limit)")
        }
    }

    /// Performs a step, one at a time, that is cut short when the halt is set. A step that fails after that has failed
    /// because of it.
    func during(_ step: @escaping @Sendable () async throws(PortError) -> Void) async throws(PortError) {
        try check()
        let task = Task { try await step() }
        state.withLock { $0.step = task }
        if error != nil { task.cancel() }
        let result = await task.result
        state.withLock { $0.step = nil }
        switch result {
        case .success: return
        case .failure(let failure):
            if let error { throw error }
            throw failure as? PortError ?? PortError(.unexpected, "step", cause: "it failed", detail: "\(failure)")
        }
    }
}
