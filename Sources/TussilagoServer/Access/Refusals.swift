import FoundationEssentials
import Hummingbird
import Logging
import NIOCore
import Synchronization
import TussilagoAPI
import TussilagoCore

/// Records what was refused: so much of it at once and a minute, since each record is a write to the disk that anyone can
/// ask for. Of the rest there is the number.
final class Refusals: Sendable {
    private struct State {
        var level: Double
        var at: NIODeadline
        var left = 0
    }

    private let domain: any Domain
    private let state: Mutex<State>

    private static let burst = 60.0
    private static let perSecond = 0.5

    init(domain: any Domain) {
        self.domain = domain
        state = Mutex(State(level: Self.burst, at: .now()))
    }

    /// Whether a problem is one of those that are recorded: of rights and quotas, not of mistakes.
    static func concerns(_ problem: Problem) -> Bool {
        switch problem.code {
        case .forbidden, .unauthorized, .quotaExceeded: true
        default: false
        }
    }

    /// Records that something was not done.
    func record(_ problem: Problem, _ access: String, subject: String, tenant: String?, of context: CallContext) async {
        guard let left = admitted() else { return }
        let more = left > 0 ? "; \(left) more were refused since the last record" : ""
        let entry = AuditEntry(
            at: Date(), caller: context.name, verb: access, subject: subject, tenant: tenant, outcome: .refused,
            requestID: context.requestID, detail: problem.code.rawValue + more)
        do throws(Problem) { try await domain.record(entry) } catch {
            context.logger.error("a refusal could not be recorded", metadata: ["error": "\(error.detail)"])
        }
    }

    /// How many were left out since the last one; nil when this one is as well.
    private func admitted(_ now: NIODeadline = .now()) -> Int? {
        state.withLock { state in
            state.level = min(Self.burst, state.level + Double((now - state.at).nanoseconds) / 1e9 * Self.perSecond)
            state.at = now
            guard state.level >= 1 else {
                state.left += 1
                return nil
            }
            state.level -= 1
            defer { state.left = 0 }
            return state.left
        }
    }
}
