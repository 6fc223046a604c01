internal import Dispatch

/// Runs an actor's jobs one after another on a dispatch queue, so that blocking C stays off the shared pool's threads.
///
/// Dispatch's own `DispatchSerialQueue`, which is an executor, exists on Apple's systems only.
final class SerialQueue: SerialExecutor {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
