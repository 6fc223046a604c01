internal import CSQLite
internal import FoundationEssentials
internal import TussilagoCore

/// The row that a statement stands on, lent to whoever reads it; columns count from 0.
///
/// Each reader throws the error of a damaged ledger when the column holds something else.
struct Row: ~Copyable {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { self.statement = statement }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    func integer(_ column: Int32) throws(PortError) -> Int {
        guard sqlite3_column_type(statement, column) == SQLITE_INTEGER else { throw damaged(column, "no integer") }
        return Int(sqlite3_column_int64(statement, column))
    }

    /// Adds all columns to a mark, each by its type and its bytes.
    func add(to stamp: inout Stamp) {
        for column in 0..<sqlite3_column_count(statement) {
            let type = sqlite3_column_type(statement, column)
            stamp.add(UInt64(bitPattern: Int64(type)))
            if type == SQLITE_INTEGER {
                stamp.add(UInt64(bitPattern: sqlite3_column_int64(statement, column)))
            } else if let start = sqlite3_column_blob(statement, column) {
                let count = Int(sqlite3_column_bytes(statement, column))
                stamp.add(UInt64(count))
                stamp.add(UnsafeRawBufferPointer(start: start, count: count))
            }
        }
    }

    func text(_ column: Int32) throws(PortError) -> String {
        guard sqlite3_column_type(statement, column) == SQLITE_TEXT, let start = sqlite3_column_text(statement, column)
        else { throw damaged(column, "no text") }
        // The text first, its length second: the other way round the length may be that of another encoding.
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
        guard let text = String(validating: bytes, as: UTF8.self) else { throw damaged(column, "no UTF-8") }
        return text
    }

    func id(_ column: Int32) throws(PortError) -> UUID { try value(column, UUID.init(uuidString:)) }

    func time(_ column: Int32) throws(PortError) -> Date {
        Date(timeIntervalSince1970: Double(try integer(column)) / 1e6)
    }

    func name<Text: Name>(_ column: Int32) throws(PortError) -> Text { try value(column, Text.init(rawValue:)) }

    /// Parses a text; nil from `parse` means that this program never wrote it.
    func value<Parsed>(_ column: Int32, _ parse: (String) -> Parsed?) throws(PortError) -> Parsed {
        let text = try text(column)
        guard let parsed = parse(text) else { throw damaged(column, "no \(Parsed.self)") }
        return parsed
    }

    /// Parses an integer; nil from `parse` means that this program never wrote it.
    func value<Parsed>(_ column: Int32, _ parse: (Int) -> Parsed?) throws(PortError) -> Parsed {
        let integer = try integer(column)
        guard let parsed = parse(integer) else { throw damaged(column, "no \(Parsed.self)") }
        return parsed
    }

    func json<Decoded: Decodable>(_ column: Int32) throws(PortError) -> Decoded {
        let text = try text(column)
        do {
            return try JSONDecoder().decode(Decoded.self, from: Data(text.utf8))
        } catch {
            throw damaged(column, "\(error)")
        }
    }

    /// Parses a release of the column's text.
    func release(_ column: Int32, _ text: String) throws(PortError) -> Release {
        do { return try Release(text: text) } catch { throw damaged(column, "\(error)") }
    }

    private func damaged(_ column: Int32, _ what: String) -> PortError {
        let name = sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "\(column)"
        return .damaged("column \(name): \(what)")
    }
}
