import Glibc
import Synchronization

/// How much memory request bodies may take, those of one user's connections together.
///
/// A body has a limit of its own, and a user has many connections: without this the agent would keep the product of both.
final class BodyBudget: Sendable {
    private let limit: Int
    private let taken = Mutex<[uid_t: Int]>([:])

    /// Gives each user so many bytes.
    init(bytesPerUser limit: Int) { self.limit = limit }

    /// A user's share, for one request.
    func share(of user: uid_t) -> Share { Share(self, user) }

    private func take(_ count: Int, _ user: uid_t) -> Bool {
        taken.withLock { taken in
            let (sum, overflow) = taken[user, default: 0].addingReportingOverflow(count)
            guard !overflow, sum <= limit else { return false }
            taken[user] = sum
            return true
        }
    }

    private func give(_ count: Int, _ user: uid_t) {
        taken.withLock { taken in
            let rest = taken[user, default: 0] - count
            taken[user] = rest > 0 ? rest : nil
        }
    }

    /// What one request has taken. It gives it back when nobody holds it any more.
    final class Share: Sendable {
        private let budget: BodyBudget
        private let user: uid_t
        private let bytes = Mutex(0)

        fileprivate init(_ budget: BodyBudget, _ user: uid_t) {
            self.budget = budget
            self.user = user
        }

        deinit { budget.give(bytes.withLock { $0 }, user) }

        /// Takes more; false when the user has too much already.
        func take(_ count: Int) -> Bool {
            guard budget.take(count, user) else { return false }
            bytes.withLock { $0 += count }
            return true
        }
    }
}
