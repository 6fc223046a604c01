/// Tells the entries of a unit's newest run from those of the runs before it, as they are read from the newest on.
///
/// The invocation's id alone does not do: journald leaves it out of the lines of a process that has ended before it
/// looked, and the last words of what crashes are such lines.
struct NewestRun {
    enum Place: Hashable {
        case inside, outside
        /// It and all older ones are of runs before.
        case before
    }

    private var invocation: String?
    private var hasSeenStart = false

    /// Where an entry belongs, by its run's id, if it has one, and whether it is systemd's own that begins a run.
    mutating func place(of invocation: String?, isStart: Bool) -> Place {
        guard let invocation else { return hasSeenStart ? .outside : .inside }
        guard invocation == self.invocation ?? invocation else { return .before }
        self.invocation = invocation
        if isStart { hasSeenStart = true }
        return .inside
    }
}
