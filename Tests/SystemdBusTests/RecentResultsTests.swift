import Testing

@testable import SystemdBus

@Suite struct RecentResultsTests {
    @Test func `A result that came before its caller is found, by every caller of a merged job`() {
        var results = RecentResults(capacity: 4)
        results.keep(.failed, of: "/job/1")
        #expect(results["/job/1"] == .failed)
        #expect(results["/job/1"] == .failed)
        #expect(results["/job/2"] == nil)
    }

    @Test func `The oldest result makes room for the newest`() {
        var results = RecentResults(capacity: 3)
        for job in 1...1_000 { results.keep(.done, of: "/job/\(job)") }
        let kept = (1...1_000).filter { results["/job/\($0)"] != nil }
        #expect(kept == [998, 999, 1_000])
    }

    @Test func `A job's second result takes no second place`() {
        var results = RecentResults(capacity: 2)
        results.keep(.done, of: "/job/1")
        results.keep(.failed, of: "/job/2")
        results.keep(.failed, of: "/job/1")
        #expect(results["/job/1"] == .failed)
        #expect(results["/job/2"] == .failed)
    }

    @Test func `Nothing is left of the jobs of a lost connection`() {
        var results = RecentResults(capacity: 2)
        for job in 1...3 { results.keep(.done, of: "/job/\(job)") }
        results.removeAll()
        #expect(results["/job/3"] == nil)
        for job in 1...3 { results.keep(.failed, of: "/job/\(job)") }
        #expect(results["/job/1"] == nil)
        #expect(results["/job/3"] == .failed)
    }
}
