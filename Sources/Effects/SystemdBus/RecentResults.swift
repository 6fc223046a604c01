/// The results of the jobs that ended last.
///
/// A job that ends at once is gone before its caller waits for it, and callers whose jobs systemd merged wait for the
/// same one. So a result is not taken out by who reads it; it leaves when `capacity` newer ones have come.
struct RecentResults {
    private let capacity: Int
    private var results: [String: JobResult] = [:]
    private var jobs: [String] = []
    private var oldest = 0

    /// Keeps so many results.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// The result of a job, by its object path.
    subscript(job: String) -> JobResult? { results[job] }

    /// Keeps a result, in the place of the oldest if there is no more room.
    mutating func keep(_ result: JobResult, of job: String) {
        guard results.updateValue(result, forKey: job) == nil else { return }
        if jobs.count < capacity {
            jobs.append(job)
        } else {
            results[jobs[oldest]] = nil
            jobs[oldest] = job
            oldest = (oldest + 1) % capacity
        }
    }

    /// Forgets all: another systemd may number its jobs anew.
    mutating func removeAll() {
        self = RecentResults(capacity: capacity)
    }
}
