import Testing

@testable import Journal

@Suite struct LogEntryTests {
    @Test(arguments: ["exe", "runsc-sandbox", "runsc", "python3", nil])
    func `What the app says is its own, even if it ended before journald looked`(program: String?) {
        #expect(LogEntry(transport: "stdout", program: program, identifier: "acme/shop").isOwn)
    }

    @Test(arguments: ["podman", "conmon", "tussilago-runsc"])
    func `What the machinery around it says is not`(program: String) {
        #expect(!LogEntry(transport: "stdout", program: program, identifier: "acme/shop").isOwn)
        #expect(!LogEntry(transport: "journal", program: program, identifier: program).isOwn)
    }

    @Test func `The helper tells why an instance is not ready, whatever way it says so`() {
        #expect(LogEntry(transport: "stdout", program: "tussilago-insta", identifier: "acme/shop").isOwn)
        #expect(LogEntry(transport: "journal", program: "tussilago-insta", identifier: nil).isOwn)
        #expect(LogEntry(transport: "stdout", program: nil, identifier: "tussilago-instance").isOwn)
    }

    @Test func `What did not come from stdout is not the app's`() {
        #expect(!LogEntry(transport: "journal", program: "exe", identifier: "acme/shop").isOwn)
        #expect(!LogEntry(transport: nil, program: nil, identifier: nil).isOwn)
    }
}
