internal import CSystemd
internal import FoundationEssentials
internal import TussilagoCore

/// The open journal of the host, read from its end by one thread at a time (sd-journal(3)).
struct SystemJournal: ~Copyable {
    private let pointer: OpaquePointer

    /// Opens the host's own journal; other hosts' and users' are left out.
    init() throws(PortError) {
        var opened: OpaquePointer?
        let result = sd_journal_open(&opened, Int32(SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM))
        guard result >= 0, let opened else {
            throw PortError(.unavailable, "journal", cause: "the journal cannot be read", detail: "errno \(-result)")
        }
        pointer = opened
        // Without it a line of many megabytes would be unpacked whole.
        sd_journal_set_data_threshold(pointer, 16 * 1024)
    }

    deinit { sd_journal_close(pointer) }

    /// Asks for entries with all of `fields`, or with all of one of several such sets, the newest first.
    func select(_ alternatives: [(field: String, value: String)]...) throws(PortError) {
        sd_journal_flush_matches(pointer)
        for fields in alternatives {
            for (field, value) in fields {
                let match = "\(field)=\(value)"
                try check(sd_journal_add_match(pointer, match, match.utf8.count))
            }
            try check(sd_journal_add_disjunction(pointer))
        }
        try check(sd_journal_seek_tail(pointer))
    }

    /// Goes to the next older entry; false when there is none.
    func previous() throws(PortError) -> Bool {
        try check(sd_journal_previous(pointer)) > 0
    }

    /// When journald got the entry.
    func time() throws(PortError) -> Date {
        var microseconds: UInt64 = 0
        try check(sd_journal_get_realtime_usec(pointer, &microseconds))
        return Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
    }

    /// A field of the entry, with bytes that are no UTF-8 replaced; nil when it has none of that name.
    func value(_ field: String) -> String? {
        var data: UnsafeRawPointer?
        var length = 0
        guard sd_journal_get_data(pointer, field, &data, &length) >= 0, let data else { return nil }
        // What is handed out begins with the field's name and an equals sign.
        let bytes = UnsafeRawBufferPointer(start: data, count: length).dropFirst(field.utf8.count + 1)
        return String(decoding: bytes, as: UTF8.self)
    }

    @discardableResult
    private func check(_ result: Int32) throws(PortError) -> Int32 {
        guard result < 0 else { return result }
        throw PortError(.unavailable, "journal", cause: "the journal cannot be read", detail: "errno \(-result)")
    }
}
