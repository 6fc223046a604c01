internal import Dispatch

/// Runs an actor's jobs one after another on a thread of Dispatch's, where they may block.
///
/// The cooperative pool has one thread a processor; one that waits for `fsync` or in a C library is one that requests
/// lack. Dispatch's own `DispatchSerialQueue`, which is such an executor, exists on Apple's systems only.
public final class SerialQueue: SerialExecutor {
    private let queue: DispatchQueue

    /// Makes a queue; debuggers show the label.
    public init(label: String) { queue = DispatchQueue(label: label) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
