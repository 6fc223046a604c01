import FoundationEssentials
import TussilagoCore

/// Says why a start failed: systemd knows how the unit ended, the journal how far the app came.
struct StartReport: Sendable {
    let outside: Outside

    /// The error with all that is known of its reason; `begun` is when the start was asked for.
    func explained(_ error: PortError, begun: Date) async -> PortError {
        guard error.code == .startFailed, let unit = UnitName(error.subject),
            let obstacle = try? await outside.logs.obstacle(of: unit, since: begun)
        else { return error }
        // What is still there when the helper gives up is ended by systemd: its exit is no reason then.
        let cause = obstacle.appEnded ? "\(obstacle.text) (\(error.cause))" : obstacle.text
        return PortError(error.code, error.subject, cause: cause, detail: error.detail)
    }
}
