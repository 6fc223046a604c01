import CSystemd
import ServiceLifecycle

/// Tells systemd how the agent is (sd_notify(3)), and that it is alive for as long as its tasks are scheduled.
struct ServiceNotifier: Service {
    /// The agent serves.
    static func ready() { sd_notify(0, "READY=1\nSTATUS=Idle") }
    /// The agent has begun to stop.
    static func stopping() { sd_notify(0, "STOPPING=1\nSTATUS=Finishing what has begun") }
    /// Whether operations are under way.
    static func busy(_ busy: Bool) { sd_notify(0, busy ? "STATUS=Performing operations" : "STATUS=Idle") }

    /// Answers the watchdog twice as often as it asks, until the agent stops.
    func run() async throws {
        var microseconds: UInt64 = 0
        let watched = sd_watchdog_enabled(0, &microseconds) > 0
        let interval: Duration = watched ? .microseconds(Int64(clamping: microseconds / 2)) : .seconds(3_600)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if watched { sd_notify(0, "WATCHDOG=1") }
                guard (try? await Task.sleep(for: interval)) != nil else { return }
            }
        }
    }
}
