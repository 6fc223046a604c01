import Testing

@testable import Journal

@Suite struct NewestRunTests {
    /// Reads entries from the newest on: an id or nil, with `>` before it where systemd starts the run.
    func places(_ entries: [String?]) -> [NewestRun.Place] {
        var run = NewestRun()
        return entries.map { entry in
            let isStart = entry?.hasPrefix(">") ?? false
            return run.place(of: entry.map { isStart ? String($0.dropFirst()) : $0 }, isStart: isStart)
        }
    }

    @Test func `The newest run ends where another one's id stands`() {
        #expect(places(["b", "b", ">b", "a"]) == [.inside, .inside, .inside, .before])
    }

    @Test func `A line without an id belongs to the run that it stands in`() {
        #expect(places(["b", nil, ">b", "a"]) == [.inside, .inside, .inside, .before])
        #expect(places([nil, "b", ">b"]) == [.inside, .inside, .inside])
    }

    @Test func `A late line of the run before is not taken for one of the newest`() {
        #expect(places(["b", ">b", nil, "a"]) == [.inside, .inside, .outside, .before])
    }

    @Test func `A line that overtook systemd's own is still the run's if it says so`() {
        #expect(places(["b", ">b", "b", "a"]) == [.inside, .inside, .inside, .before])
    }
}
