import Logging
import Testing
import TussilagoCore

@testable import Journal

@Suite struct JournalLogHandlerTests {
    func event(
        _ message: Logger.Message, level: Logger.Level = .notice, _ metadata: Logger.Metadata = [:]
    ) -> LogEvent {
        LogEvent(
            level: level, message: message, metadata: metadata, source: nil, file: "Module/File.swift", function: "f()",
            line: 7)
    }

    func fields(_ record: JournalRecord) -> Set<String> {
        Set(record.fields.map { String(decoding: $0, as: UTF8.self) })
    }

    @Test func `A line has its message, priority, place and metadata as fields`() {
        var handler = JournalLogHandler()
        handler[metadataKey: "tenant"] = "acme"
        let record = handler.record(of: event("hello", Logger.Metadata([.durationMilliseconds: "12"])))
        let expected: Set = [
            "MESSAGE=hello", "PRIORITY=5", "SYSLOG_IDENTIFIER=tussilagod", "CODE_FILE=Module/File.swift", "CODE_LINE=7",
            "CODE_FUNC=f()", "TUSSILAGO_TENANT=acme", "TUSSILAGO_DURATION_MS=12",
        ]
        #expect(fields(record) == expected)
    }

    @Test func `What stands nearer to the line wins`() {
        var handler = JournalLogHandler()
        handler[metadataKey: "app"] = "outer"
        handler.metadataProvider = Logger.MetadataProvider { ["app": "middle", "step": "middle"] }
        let fields = fields(handler.record(of: event("x", ["app": "inner"])))
        #expect(fields.contains("TUSSILAGO_APP=inner"))
        #expect(fields.contains("TUSSILAGO_STEP=middle"))
        #expect(!fields.contains("TUSSILAGO_APP=outer"))
    }

    @Test func `A value cannot forge a field`() {
        let record = JournalLogHandler().record(of: event("a\n_PID=1\n\0b", ["error": "x\nPRIORITY=0"]))
        #expect(record.fields.contains(Array("MESSAGE=a\n_PID=1\n\0b".utf8)))
        #expect(record.fields.count { $0.starts(with: "PRIORITY=".utf8) } == 1)
        #expect(!record.fields.contains { $0.starts(with: "_PID".utf8) })
    }

    @Test(arguments: [
        ("tenant", "TUSSILAGO_TENANT"), ("http.method", "TUSSILAGO_HTTP_METHOD"), ("ß=\n", "TUSSILAGO_____"),
    ])
    func `A key becomes a name that journald takes`(key: String, name: String) {
        #expect(JournalRecord.fieldName(key) == name)
        #expect(JournalRecord.fieldName(String(repeating: "x", count: 200)).utf8.count == 64)
    }

    @Test func `A value has a limit`() throws {
        let record = JournalLogHandler().record(of: event("\(String(repeating: "x", count: 1 << 20))"))
        #expect(try #require(record.fields.first).count == "MESSAGE=".utf8.count + JournalRecord.valueLimit)
    }

    @Test func `A message id that the line names is its MESSAGE_ID`() {
        let metadata = Logger.Metadata([.messageID: "\(MessageID.agentStarted.rawValue)"])
        let fields = fields(JournalLogHandler().record(of: event("x", metadata)))
        #expect(fields.contains("MESSAGE_ID=0a02427de8104ebd9ddf489af76ac34c"))
        #expect(!fields.contains { $0.hasPrefix("TUSSILAGO_MESSAGE_ID") })
    }

    @Test func `An operation's event has its MESSAGE_ID without being told`() {
        let fields = fields(JournalLogHandler().record(of: event("x", ["event": "going-back"])))
        #expect(fields.contains("MESSAGE_ID=\(MessageID.goingBack.rawValue)"))
        #expect(fields.contains("TUSSILAGO_EVENT=going-back"))
    }

    @Test(arguments: [
        (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3), (.critical, 2),
    ])
    func `A level has syslog's priority`(level: Logger.Level, priority: Int) {
        #expect(fields(JournalLogHandler().record(of: event("x", level: level))).contains("PRIORITY=\(priority)"))
    }
}
