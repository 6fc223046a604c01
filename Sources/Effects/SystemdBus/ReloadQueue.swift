/// Who waits for a reload of systemd, and for which.
///
/// A reload that already runs may have read the files before a caller wrote its own, so it serves only those who came
/// before it began. All who come while it runs share the next one.
struct ReloadQueue<Caller> {
    private var served: [Caller] = []
    private var waiting: [Caller] = []
    private var isRunning = false

    /// Adds a caller.
    /// - Returns: whether a reload must be begun now.
    mutating func join(_ caller: Caller) -> Bool {
        guard isRunning else {
            isRunning = true
            served = [caller]
            return true
        }
        waiting.append(caller)
        return false
    }

    /// Notes that the reload has ended.
    /// - Returns: whom it served, and whether another must be begun now.
    mutating func end() -> (served: [Caller], beginsNext: Bool) {
        let done = served
        served = waiting
        waiting = []
        isRunning = !served.isEmpty
        return (done, isRunning)
    }
}
