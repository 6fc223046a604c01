internal import CShims
internal import Glibc
internal import Synchronization

/// One thread that runs the jobs of the bus's actors and, between them, libsystemd.
///
/// A connection of sd-bus may be used by one thread only (sd-bus(3)). All that touches one is isolated to an actor
/// whose executor this is, so the compiler proves it.
final class BusThread: SerialExecutor {
    /// What the thread does when there is no job to run.
    enum Wait {
        /// Nothing: there may be more to do at once.
        case no
        /// Sleeps until there is a job.
        case forJobs
        /// Sleeps until there is a job, `events` on a descriptor, or a moment of CLOCK_MONOTONIC in microseconds.
        case forDescriptor(Int32, events: Int16, until: UInt64)
    }

    private struct State {
        var jobs: [UnownedJob] = []
        weak var bus: Bus?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeUp: Int32
    private let thread = Atomic<UInt>(0)

    private init() throws(BusFailure) {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else { throw .system(errno) }
    }

    deinit { close(wakeUp) }

    /// Starts a thread, which ends after ``stop()``.
    static func start() throws(BusFailure) -> BusThread {
        let executor = try BusThread()
        let retained = Unmanaged.passRetained(executor)
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<BusThread>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, retained.toOpaque())
        guard result == 0 else {
            retained.release()
            throw .system(result)
        }
        pthread_detach(thread)
        return executor
    }

    /// Has the thread take turns with a bus, without keeping it alive.
    func serve(_ bus: Bus) {
        state.withLock { $0.bus = bus }
    }

    /// Ends the thread once its jobs are done.
    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            return state.jobs.count == 1
        }
        if isFirst && !isCurrent { wake() }
    }

    /// Lets libsystemd's callbacks, which Swift does not know to be on this executor, enter the actors.
    func checkIsolated() {
        precondition(isCurrent, "not on the bus's thread")
    }

    private var isCurrent: Bool { UInt(pthread_self()) == thread.load(ordering: .relaxed) }

    private func wake() {
        _ = eventfd_write(wakeUp, 1)
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        while true {
            let (jobs, isStopped) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopped)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if !jobs.isEmpty { continue }
            if isStopped { return }
            let wait = state.withLock { $0.bus }?.assumeIsolated { $0.turn() } ?? .forJobs
            // A job that this thread itself has enqueued meanwhile wakes nobody.
            if state.withLock({ $0.jobs.isEmpty }) { sleep(wait) }
        }
    }

    private func sleep(_ wait: Wait) {
        var descriptors = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        var timeout: Int32 = -1
        switch wait {
        case .no: return
        case .forJobs: break
        case .forDescriptor(let descriptor, let events, let until):
            descriptors.append(pollfd(fd: descriptor, events: events, revents: 0))
            if until != .max { timeout = Self.milliseconds(until: until) }
        }
        _ = poll(&descriptors, nfds_t(descriptors.count), timeout)
        guard descriptors[0].revents != 0 else { return }
        var count: eventfd_t = 0
        _ = eventfd_read(wakeUp, &count)
    }

    private static func milliseconds(until moment: UInt64) -> Int32 {
        let now = monotonicMicroseconds()
        // Rounded up, or the last millisecond would be spent in a busy loop.
        return moment <= now ? 0 : Int32(clamping: (moment - now + 999) / 1_000)
    }
}
