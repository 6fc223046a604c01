internal import CSystemd
internal import Glibc

/// One entry for the journal: fields with names and values (systemd.journal-fields(7)).
///
/// Values go to journald with their lengths, so that no byte in one can end it or begin another field.
struct JournalRecord {
    /// The longest value, in bytes; longer ones are cut, as journald cuts what comes from stdout.
    static let valueLimit = 48 * 1024

    private(set) var fields: [[UInt8]] = []

    /// Adds a field, whose name must be one that journald takes; see ``fieldName(_:)``.
    mutating func add(_ name: String, _ value: some CustomStringConvertible) {
        fields.append(Array("\(name)=".utf8) + value.description.utf8.prefix(Self.valueLimit))
    }

    /// The platform's own field for a metadata key: `TUSSILAGO_` and the key in upper case.
    ///
    /// journald drops fields whose names have other characters than A–Z, 0–9 and `_`, or more than 64 of them.
    static func fieldName(_ key: String) -> String {
        let name = key.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: (Array("TUSSILAGO_".utf8) + name).prefix(64), as: UTF8.self)
    }

    /// Sends the entry.
    /// - Returns: whether journald has it.
    func send() -> Bool {
        var bytes = fields.flatMap(\.self)
        return bytes.withUnsafeMutableBytes { buffer in
            guard var next = buffer.baseAddress else { return false }
            let vectors = fields.map { field in
                defer { next += field.count }
                return iovec(iov_base: next, iov_len: field.count)
            }
            return sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}
