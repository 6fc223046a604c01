import FoundationEssentials
import Testing

@testable import Journal

/// Holds the message catalog that the package installs against the ids and fields that the agent writes.
@Suite struct CatalogTests {
    let catalog: String

    init() throws {
        let top = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        catalog = try String(contentsOfFile: "\(top)/units/catalog/tussilago.catalog", encoding: .utf8)
    }

    @Test func `Every message id has exactly one entry, and every entry a message id`() {
        let ids = catalog.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
        #expect(ids.sorted() == MessageID.allCases.map(\.rawValue).sorted())
        #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }

    @Test func `A placeholder is a field that log lines can have`() {
        let fields = Set(LogKey.allCases.map { JournalRecord.fieldName($0.rawValue) } + ["MESSAGE"])
        let placeholders = catalog.matches(of: /@([A-Z_]+)@/).map { String($0.output.1) }
        #expect(!placeholders.isEmpty)
        #expect(placeholders.allSatisfy(fields.contains))
    }

    @Test func `Every entry says who wrote it, and where more is written`() {
        let entries = catalog.split(separator: "\n-- ").dropFirst()
        for entry in entries {
            let headers = entry.split(separator: "\n\n")[0].split(separator: "\n").dropFirst()
            #expect(headers.first?.hasPrefix("Subject: ") == true, "\(entry.prefix(32))")
            #expect(
                headers.dropFirst() == [
                    "Defined-By: Tussilago", "Support: man:tussilagod(8)", "Documentation: man:tussilagod(8)",
                ], "\(entry.prefix(32))")
        }
    }
}
