/// Remembers which apps were found to be as they shall be, for the next look by the same program.
///
/// It only saves work: what is lost is looked at anew.
public protocol LookStore: Sendable {
    /// What is remembered. Nothing of another program, and nothing that is older than a day: what no mark shows, such as
    /// a disk that has lost what it had, is found then.
    func looks() async -> [AppReference: Look]
    /// Remembers these, and no others.
    func remember(_ looks: [AppReference: Look]) async
}
