internal import Dispatch

/// Runs an actor's jobs one at a time on a queue of Dispatch's, where they may block.
///
/// Dispatch's own serial queues are executors on Apple's platforms only.
final class SerialQueue: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
