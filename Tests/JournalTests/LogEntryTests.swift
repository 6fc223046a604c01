import Testing

@testable import Journal

@Suite struct LogEntryTests {
    @Test func `What the sandbox's user writes is the app's, and never the platform's`() {
        let entry = LogEntry(transport: "stdout", user: "65534")
        #expect(entry.isApps)
        #expect(!entry.isPlatforms)
    }

    @Test func `What root writes in the app's unit is the platform's, and never the app's`() {
        let entry = LogEntry(transport: "stdout", user: "0")
        #expect(entry.isPlatforms)
        #expect(!entry.isApps)
    }

    @Test(arguments: ["journal", "syslog", nil])
    func `What did not come from stdout is neither's`(transport: String?) {
        for user in ["0", "65534"] {
            let entry = LogEntry(transport: transport, user: user)
            #expect(!entry.isApps && !entry.isPlatforms)
        }
    }
}
