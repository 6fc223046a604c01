import Testing
import TussilagoCore

@testable import Resolver

@Suite struct TextRecordTests {
    /// `a.b TXT` with these strings, as RFC 1035 sends it.
    private func record(_ strings: [String], type: UInt8 = 16) -> [UInt8] {
        let data = strings.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [1, 97, 1, 98, 0, 0, type, 0, 1, 0, 0, 0, 60, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }

    @Test("The strings of a record are put together")
    func joins() {
        #expect(TextRecord.text(record(["v=1"])) == "v=1")
        #expect(TextRecord.text(record(["tussilago-", "verification=x"])) == "tussilago-verification=x")
        #expect(TextRecord.text(record([""])) == "")
    }

    @Test("What is cut, of another type or no text is none")
    func refuses() {
        let whole = record(["hello", "you"])
        for length in 0..<whole.count { #expect(TextRecord.text(Array(whole[..<length])) == nil) }
        #expect(TextRecord.text(record(["x"], type: 1)) == nil)
        #expect(TextRecord.text(whole + [0]) == nil)
        var invalid = whole
        invalid[16] = 0xFF
        #expect(TextRecord.text(invalid) == nil)
    }
}

@Suite struct ResolvedTests {
    @Test("A resolver that does not run is away, and is named")
    func isAway() async throws {
        let resolver = Resolved(socket: "/nonexistent/socket")
        let error = await #expect(throws: PortError.self) { try await resolver.texts(of: "a.example") }
        #expect(error?.code == .unavailable)
        #expect(error?.subject == "systemd-resolved")
    }
}
