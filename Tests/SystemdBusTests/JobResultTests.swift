import Testing
import TussilagoCore

@testable import SystemdBus

@Suite struct JobResultTests {
    let unit = TenantName.acme.target

    @Test(arguments: [JobKind.start, .stop])
    func `A job that is done is no failure`(kind: JobKind) {
        #expect(kind.failure(of: unit, JobResult("done")) == nil)
    }

    @Test(arguments: ["failed", "timeout", "dependency", "canceled", "assert", "a word of tomorrow"])
    func `A start that ends any other way has failed, and names the unit`(word: String) throws {
        let failure = try #require(JobKind.start.failure(of: unit, JobResult(word)))
        #expect(failure.code == .startFailed)
        #expect(failure.subject == "tussilago-acme.target")
        #expect(!failure.cause.isEmpty)
    }

    @Test func `A start that a condition forbids is refused`() throws {
        let failure = try #require(JobKind.start.failure(of: unit, JobResult("skipped")))
        #expect(failure.code == .refused)
        #expect(failure.cause.contains("condition"))
    }

    @Test func `A stop that does not end well is refused, for nothing was to start`() {
        #expect(JobKind.stop.failure(of: unit, JobResult("timeout"))?.code == .refused)
    }

    @Test func `Every result has a cause of its own`() {
        let words = ["skipped", "failed", "timeout", "dependency", "canceled", "assert", "unsupported"]
        #expect(Set(words.compactMap { JobResult($0).cause }).count == words.count)
    }
}

@Suite struct ServiceEndTests {
    @Test(arguments: [
        ("exit-code", 1, 3, "it exited with code 3"), ("signal", 2, 9, "signal 9 ended it"),
        ("core-dump", 3, 11, "signal 11 ended it"), ("exit-code", 0, 0, "a command of its unit failed"),
    ])
    func `How the main process ended is the reason`(result: String, code: Int32, status: Int32, cause: String) {
        #expect(ServiceEnd(result: result, code: code, status: status).cause == cause)
    }

    @Test func `Every result has a cause of its own, but for success`() {
        let results = ["exit-code", "signal", "timeout", "oom-kill", "start-limit-hit", "resources", "watchdog"]
        #expect(Set(results.compactMap { ServiceEnd(result: $0, code: 0, status: 0).cause }).count == results.count)
        #expect(ServiceEnd(result: "success", code: 1, status: 0).cause == nil)
    }
}

/// What the unit's state says when the end of a job was missed.
@Suite struct JobVerdictTests {
    let unit = TenantName.acme.target
    let failed = UnitStatus(load: "loaded", active: "failed", sub: "failed")
    let activating = UnitStatus(load: "loaded", active: "activating", sub: "start-post")
    let deactivating = UnitStatus(load: "loaded", active: "deactivating", sub: "stop-sigterm")

    func verdict(_ kind: JobKind, _ status: UnitStatus, hasJob: Bool = false) -> String {
        switch kind.verdict(on: unit, status, hasJob: hasJob) {
        case nil: "wait"
        case .success: "done"
        case .failure(let error): error.code.rawValue
        }
    }

    @Test func `A start is done when the unit is active`() {
        #expect(verdict(.start, .running) == "done")
    }

    @Test func `A start goes on while the unit is activating or its job is queued`() {
        #expect(verdict(.start, activating) == "wait")
        #expect(verdict(.start, .stopped, hasJob: true) == "wait")
        #expect(verdict(.start, failed, hasJob: true) == "wait")
    }

    @Test func `A start has failed when the unit neither runs nor will`() {
        #expect(verdict(.start, failed) == "start-failed")
        #expect(verdict(.start, .stopped) == "start-failed")
        #expect(verdict(.start, .notFound) == "not-found")
    }

    @Test func `A refresh is done when the unit is active and no job is left, and has failed when it does not run`() {
        #expect(verdict(.refresh, .running) == "done")
        #expect(verdict(.refresh, .running, hasJob: true) == "wait")
        #expect(verdict(.refresh, failed) == "refused")
        #expect(verdict(.refresh, .notFound) == "not-found")
    }

    @Test func `A stop is done when nothing runs any more, however the unit ended`() {
        #expect(verdict(.stop, .stopped) == "done")
        #expect(verdict(.stop, failed) == "done")
        #expect(verdict(.stop, .notFound) == "done")
    }

    @Test func `A stop goes on while the unit is deactivating or its job is queued`() {
        #expect(verdict(.stop, deactivating) == "wait")
        #expect(verdict(.stop, .running, hasJob: true) == "wait")
    }

    @Test func `A stop has failed when the unit runs and no job will end that`() {
        #expect(verdict(.stop, .running) == "refused")
    }
}
