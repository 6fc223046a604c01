/// How long to wait before something that failed is tried again: twice as long each time, with some chance in it so
/// that many who failed together do not come back together.
public struct Backoff: Sendable {
    /// The first wait.
    public var first = Duration.milliseconds(250)
    /// No wait is longer.
    public var longest = Duration.seconds(8)
    /// How often something is tried in all.
    public var attempts = 5

    /// The usual waits.
    public init() {}

    /// Other waits, which grow to `longest`, and other attempts.
    public init(longest: Duration, attempts: Int) {
        self.longest = longest
        self.attempts = attempts
    }

    /// The wait after the given attempt, counted from 1; nil when it was the last.
    /// - Parameter chance: a number from 0 to 1; the wait is between half and all of its full length.
    public func wait(after attempt: Int, chance: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        let full = min(first * (1 << min(max(attempt, 1) - 1, 20)), longest)
        return full / 2 + (full / 2) * min(max(chance, 0), 1)
    }
}
