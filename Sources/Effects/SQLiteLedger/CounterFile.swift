internal import FoundationEssentials
internal import TussilagoCore

/// The next indices of users and networks, beside the ledger: what a deleted tenant had is in no unit file any more, and
/// must not be given out again by a ledger that was written anew.
///
/// It is written before the ledger is, so it is never behind.
struct CounterFile {
    let path: String

    /// The next index of a counter; nil when nothing sensible is written there.
    func next(_ counter: String) -> Int? { values[counter] }

    /// Makes sure that a counter is at least this.
    func raise(_ counter: String, to next: Int) throws(PortError) {
        var values = values
        guard values[counter].map({ $0 < next }) ?? true else { return }
        values[counter] = next
        let text = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        guard LedgerPlace.write(text, to: path) else {
            throw PortError(.unavailable, PortError.ledgerSubject, cause: "its counters cannot be written")
        }
    }

    private var values: [String: Int] {
        var values: [String: Int] = [:]
        for line in (LedgerPlace.text(of: path) ?? "").split(separator: "\n") {
            let parts = line.split(separator: "=")
            guard parts.count == 2, let next = Int(parts[1]), (0...100_000).contains(next) else { continue }
            values[String(parts[0])] = next
        }
        return values
    }
}
