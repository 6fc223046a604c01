import Testing
import TussilagoCore

@testable import Journal

@Suite struct ObstacleSearchTests {
    /// As journald has them, the newest first.
    private func obstacle(_ lines: String...) -> StartObstacle? {
        var search = ObstacleSearch()
        for line in lines { search.look(at: line) }
        return search.result
    }

    @Test func `The helper says how far the app came`() {
        let text = "the app did not answer GET / within 5 s: it answered 500"
        #expect(obstacle("tussilago-instance: \(text)") == StartObstacle(text: text, appEnded: false))
    }

    @Test func `An app that has ended is known by the helper's words`() {
        let found = obstacle("tussilago-instance: the app ended before it made its socket", "noise")
        #expect(found == StartObstacle(text: "the app ended before it made its socket", appEnded: true))
    }

    @Test func `Of several starts the last counts`() {
        #expect(obstacle("tussilago-instance: second", "tussilago-instance: first")?.text == "second")
    }

    @Test func `Without the helper the runtime says why, without its steps, rather than Podman`() {
        let found = obstacle(
            "Error: `tussilago-runsc start 7` failed: exit status 128",
            "starting container: starting root container: starting sandbox: error finding executable \"x\"",
            #"time="2026-01-01" level=warning msg="anything""#)
        #expect(
            found
                == StartObstacle(text: #"the app was not started: error finding executable "x""#, appEnded: false))
    }

    @Test func `Podman's own reason counts where there is no other`() {
        #expect(obstacle("Error: no such image")?.text == "the app was not started: no such image")
        #expect(obstacle() == nil)
        #expect(
            obstacle(String(repeating: "a0", count: 32), "Error: it could not be stopped")?.text.hasSuffix("stopped")
                == true)
    }
}
