import Testing

@testable import SystemdBus

@Suite struct ReloadQueueTests {
    @Test func `The first caller begins a reload, and is served by it`() {
        let queue = Callers()
        #expect(queue.join(1))
        #expect(queue.end() == ([1], false))
    }

    @Test func `All who come while a reload runs share the next one`() {
        let queue = Callers()
        #expect(queue.join(0))
        for caller in 1...9 { #expect(!queue.join(caller)) }
        #expect(queue.end() == ([0], true))
        #expect(queue.end() == (Array(1...9), false))
    }

    @Test func `Who comes during the shared reload waits for a third`() {
        let queue = Callers()
        #expect(queue.join(1))
        #expect(!queue.join(2))
        #expect(queue.end().beginsNext)
        #expect(!queue.join(3))
        #expect(queue.end() == ([2], true))
        #expect(queue.end() == ([3], false))
    }

    @Test func `After the last one a new caller begins anew`() {
        let queue = Callers()
        #expect(queue.join(1))
        _ = queue.end()
        #expect(queue.join(2))
        #expect(queue.end().served == [2])
    }

    /// The rule itself: a reload that serves a caller began after the caller had come, and each is served once.
    @Test func `Nobody is served by a reload that began before they came`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let queue = Callers()
            var cameDuring: [Int] = []
            var begun = 0
            var servedBy: [Int: Int] = [:]
            var isRunning = false
            func end() {
                let reload = begun
                let (served, beginsNext) = queue.end()
                for caller in served { #expect(servedBy.updateValue(reload, forKey: caller) == nil) }
                isRunning = beginsNext
                if beginsNext { begun += 1 }
            }
            for caller in 0..<30 {
                cameDuring.append(begun)
                if queue.join(caller) {
                    #expect(!isRunning)
                    begun += 1
                    isRunning = true
                }
                if isRunning && Bool.random(using: &random) { end() }
            }
            while isRunning { end() }
            for caller in 0..<30 { #expect(servedBy[caller] == cameDuring[caller] + 1) }
        }
    }
}

/// A queue of numbers, as a class: no value may change within an expectation.
private final class Callers {
    private var queue = ReloadQueue<Int>()

    func join(_ caller: Int) -> Bool { queue.join(caller) }
    func end() -> (served: [Int], beginsNext: Bool) { queue.end() }
}
