internal import FoundationEssentials
internal import TussilagoCore

/// What is bound to a parameter of a statement.
enum Value {
    case null
    case integer(Int64)
    case text(String)

    static func number(_ number: Int) -> Value { .integer(Int64(number)) }

    static func number(_ number: Int?) -> Value { number.map { .integer(Int64($0)) } ?? .null }

    static func text(_ text: String?) -> Value { text.map { .text($0) } ?? .null }

    static func name(_ name: some Name) -> Value { .text(name.rawValue) }

    static func name(_ name: (some Name)?) -> Value { .text(name?.rawValue) }

    /// Names as a JSON array, for `json_each`; NULL for nil. In order: equal sets are equal texts.
    static func names(_ names: Set<TenantName>?) -> Value {
        .text(names.map { "[" + $0.sorted().map { "\"\($0)\"" }.joined(separator: ",") + "]" })
    }

    static func id(_ id: UUID) -> Value { .text(id.lowercased) }

    /// A time as microseconds since 1970: exact to compare, and readable by SQLite's `datetime(x / 1e6, 'unixepoch')`.
    static func time(_ time: Date) throws(PortError) -> Value {
        guard let microseconds = Int64(exactly: (time.timeIntervalSince1970 * 1e6).rounded()) else {
            throw PortError(.refused, "time", cause: "it is out of range", detail: "\(time)")
        }
        return .integer(microseconds)
    }

    /// A value as JSON, with its keys sorted: equal values are equal texts.
    static func json(_ value: some Encodable) throws(PortError) -> Value {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return .text(String(decoding: try encoder.encode(value), as: UTF8.self))
        } catch {
            throw PortError(
                .unexpected, PortError.ledgerSubject, cause: "a value cannot be written down", detail: "\(error)")
        }
    }
}

extension UUID {
    /// The id as the API writes it.
    var lowercased: String { uuidString.lowercased() }
}
