internal import Dispatch

/// Runs an actor's jobs one after another on a thread of Dispatch's, so that a slow disk holds up nobody else.
///
/// The cooperative pool has one thread a processor; a thread of it that waits for `fsync` is one that requests lack.
/// `DispatchSerialQueue`, which is such an executor already, is not there on Linux.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
