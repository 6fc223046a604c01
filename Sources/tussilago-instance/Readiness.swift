import CShims
import Glibc

/// Waits until an app answers, so that `systemctl start` ends when it serves, and fails when it does not.
struct Readiness {
    let instance: Instance
    let seconds: Int
    let path: String

    /// How long is slept after an attempt, in milliseconds: little while the app is coming up, which most do within a
    /// second or two, and longer once it answers, so that an app that is not ready yet is not kept from getting there.
    private static func interval(after outcome: HealthRequest.Outcome, elapsed: Int64) -> Int32 {
        switch outcome {
        case .status, .notHTTP, .silent: 100
        case .noSocket, .notASocket, .cannotConnect, .closed: elapsed < 3000 ? 10 : 20
        }
    }
    /// How long one answer may take, in milliseconds: a request that the app lost at its start is made again.
    private static let attemptLimit: Int64 = 10_000

    /// Returns once the app has answered with 200 to 399.
    func wait() throws(Failure) {
        let start = milliseconds()
        let deadline = start + Int64(seconds) * 1000
        let process = MainProcess()
        var last = HealthRequest.Outcome.noSocket
        while true {
            let now = milliseconds()
            guard now < deadline else {
                throw Failure("the app did not answer GET \(path) within \(seconds) s: \(last)")
            }
            let outcome = HealthRequest(path: path, deadline: min(deadline, now + Self.attemptLimit)).send(to: instance)
            if case .status(200...399) = outcome { return }
            // What was there once says more than that it is gone again, or than an answer that the deadline cut off.
            let isCut = outcome == .silent && last != .noSocket && milliseconds() >= deadline
            if outcome != .noSocket, !isCut { last = outcome }
            if process.hasEnded(within: Self.interval(after: outcome, elapsed: now - start)) {
                let stage = last == .noSocket ? "it made its socket" : "it answered GET \(path): \(last)"
                throw Failure("the app ended before \(stage)")
            }
        }
    }
}

/// Waits whether an app goes on running that nobody can ask for its health, so that `systemctl start` fails when it ends
/// right after its start.
struct Steadiness {
    let seconds: Int

    /// Returns once the app has run for so long.
    func wait() throws(Failure) {
        guard MainProcess().hasEnded(within: Int32(clamping: seconds * 1000)) else { return }
        throw Failure("the app ended before it had run for \(seconds) s")
    }
}

/// The unit's main process, which systemd names in `MAINPID`: Podman's conmon, which ends with the app.
struct MainProcess {
    /// Becomes readable when the process ends; -1 when it is not known, as when this program is run by hand.
    private let descriptor: Int32
    private let wasGone: Bool

    init() {
        let pid = getenv("MAINPID").flatMap { pid_t(String(cString: $0)) } ?? 0
        descriptor = pid > 0 ? tsl_pidfd_open(pid) : -1
        wasGone = pid > 0 && descriptor < 0
    }

    /// Sleeps for so many milliseconds, or until the process has ended.
    func hasEnded(within interval: Int32) -> Bool {
        // poll(2) passes a negative descriptor over.
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return wasGone || poll(&entry, 1, interval) > 0
    }
}

/// The time since some fixed moment, in milliseconds, unmoved by changes of the clock.
func milliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
