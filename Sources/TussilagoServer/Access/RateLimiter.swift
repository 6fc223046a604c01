import FoundationEssentials
import NIOCore
import Synchronization
import TussilagoAPI

/// How often each caller may ask: a bucket of tokens for each user of the host and for each access token.
///
/// Root is not limited: it can stop the agent anyway. What it remembers is bounded; who is forgotten begins with a full
/// bucket, which is what they had unless very many ask at once.
final class RateLimiter: Sendable {
    /// Whose bucket it is.
    enum Key: Hashable, Sendable { case user(UInt32), token(UUID) }

    private struct Bucket {
        var level: Double
        var at: NIODeadline
    }

    private let rate: Double
    private let burst: Double
    private let most: Int
    private let buckets = Mutex<[Key: Bucket]>([:])

    /// Lets `burst` requests through at once, and `rate` a second on and on.
    init(rate: Int, burst: Int, most: Int = 4_096) {
        self.rate = Double(max(rate, 1))
        self.burst = Double(max(burst, 1))
        self.most = max(most, 1)
    }

    /// How many callers are remembered.
    var count: Int { buckets.withLock(\.count) }

    /// Takes one of a caller's.
    /// - Throws: a problem that says after how many seconds there is one again.
    func take(_ key: Key, now: NIODeadline = .now()) throws(Problem) {
        if key == .user(0) { return }
        let wait = buckets.withLock { buckets -> Double in
            var bucket = buckets[key] ?? Bucket(level: burst, at: now)
            bucket.level = level(of: bucket, now)
            bucket.at = now
            let wait = bucket.level >= 1 ? 0 : (1 - bucket.level) / rate
            if wait == 0 { bucket.level -= 1 }
            if buckets[key] == nil, buckets.count >= most { forget(&buckets, now) }
            buckets[key] = bucket
            return wait
        }
        guard wait > 0 else { return }
        let seconds = max(1, Int(wait.rounded(.up)))
        var problem = Problem(
            .tooManyRequests, "you ask more often than \(Int(rate)) times a second", remedy: "wait \(seconds) s")
        problem.retryAfter = seconds
        throw problem
    }

    private func level(of bucket: Bucket, _ now: NIODeadline) -> Double {
        min(burst, bucket.level + Double((now - bucket.at).nanoseconds) / 1e9 * rate)
    }

    /// Forgets those whose buckets are full again; if none is, half of all.
    private func forget(_ buckets: inout [Key: Bucket], _ now: NIODeadline) {
        buckets = buckets.filter { level(of: $0.value, now) < burst }
        if buckets.count >= most {
            buckets = Dictionary(uniqueKeysWithValues: buckets.prefix(most / 2).map { ($0, $1) })
        }
    }
}
