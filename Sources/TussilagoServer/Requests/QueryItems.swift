import FoundationEssentials
import TussilagoAPI

/// The parameters of a request's query, each at most once and none that the endpoint does not describe.
struct QueryItems {
    private var values: [String: String] = [:]

    /// Reads a query, as HTML forms and every client write it.
    init(_ query: String?, allowed: [Parameter]) throws(Problem) {
        for item in (query ?? "").split(separator: "&") {
            let halves = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(halves[0])
            guard allowed.contains(where: { $0.name == name }) else {
                throw Problem(
                    .invalidRequest, "there is no such query parameter here", field: String(name.prefix(80)),
                    remedy: allowed.isEmpty ? nil : "known are: \(allowed.map(\.name).joined(separator: ", "))")
            }
            guard values.updateValue(try Self.decoded(halves.dropFirst().first ?? ""), forKey: name) == nil else {
                throw Problem(.invalidRequest, "it stands twice in the query", field: name)
            }
        }
    }

    /// The value of a parameter; nil when it is not given.
    subscript(_ name: String) -> String? { values[name] }

    /// A whole number in a range; nil when it is not given.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = values[name] else { return nil }
        return try WholeNumber.parse(text, in: range, field: name)
    }

    private static func decoded(_ text: Substring) throws(Problem) -> String {
        guard let decoded = PercentEncoding.decode(String(text.map { $0 == "+" ? " " : $0 })) else {
            throw Problem(.invalidRequest, "the query has a broken percent-encoding")
        }
        return decoded
    }
}

/// A whole number in decimal digits, without sign, space or exponent.
enum WholeNumber {
    /// Parses a number of a request.
    static func parse(_ text: String, in range: ClosedRange<Int>, field: String) throws(Problem) -> Int {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isPlain, let number = Int(text), range.contains(number) else {
            throw Problem(
                .invalidRequest, "it must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                field: field)
        }
        return number
    }
}
