/// What there are amounts of, by its name: as they stand in a tenant's slice, `apps=5 memory=4294967296`, from which a lost
/// ledger is written anew.
protocol AmountKind: RawRepresentable<String>, CaseIterable, Hashable {
    /// The amounts that there can be.
    var range: ClosedRange<Int64> { get }
}

extension AmountKind {
    /// The amounts of all kinds that have one, in one line.
    static func text(_ amount: (Self) -> Int64?) -> String {
        allCases.compactMap { kind in amount(kind).map { "\(kind.rawValue)=\($0)" } }.joined(separator: " ")
    }

    /// Reads them back; nil when it is not what ``text(_:)`` writes.
    static func amounts(in text: some StringProtocol) -> [Self: Int64]? {
        var amounts: [Self: Int64] = [:]
        for part in text.split(separator: " ") {
            let halves = part.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, let kind = Self(rawValue: String(halves[0])), let amount = Int64(halves[1]),
                kind.range.contains(amount), amounts[kind] == nil
            else { return nil }
            amounts[kind] = amount
        }
        return amounts
    }
}
