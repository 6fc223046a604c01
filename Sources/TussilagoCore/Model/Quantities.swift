/// A number of bytes, written as in systemd: `256M` (powers of 1024).
public struct Bytes: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number.
    public let count: Int64

    /// Takes a number of bytes.
    public init(_ count: Int64) { self.count = count }

    /// A number of MiB.
    public static func mebibytes(_ count: Int64) -> Bytes { Bytes(count * 1_048_576) }

    /// Parses `1048576`, `512K`, `256M` or `2G`.
    public init(parsing text: some StringProtocol) throws(InvalidValue) {
        let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
        let rule = "it is written as 512K, 256M or 2G"
        let factor = text.last.flatMap { units[$0] }
        let digits = factor == nil ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit), let number = Int64(digits) else {
            throw InvalidValue("size", given: text, rule: rule)
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor ?? 1)
        guard !overflow else { throw InvalidValue("size", given: text, rule: "it is too large") }
        count = product
    }

    public init(from decoder: any Decoder) throws {
        count = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }

    public static func < (left: Self, right: Self) -> Bool { left.count < right.count }

    public var description: String {
        for (suffix, factor) in [("G", Int64(1) << 30), ("M", 1 << 20), ("K", 1 << 10)]
        where count >= factor && count % factor == 0 {
            return "\(count / factor)\(suffix)"
        }
        return String(count)
    }
}
