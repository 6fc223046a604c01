import Testing

@testable import Journal

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("\u{1B}[1;31mred\u{1B}[0m", "red"),
        ("a\tb", "a b"),
        ("bell\u{07} null\0 return\r end", "bell null return end"),
        ("\u{1B}]0;title\u{07}after", "after"),
        ("\u{1B}]8;;http://x\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"),
        ("\u{9B}2Jcleared", "cleared"),
        ("\u{1B}(Bset", "set"),
        ("\u{1B}c\u{1B}7reset", "reset"),
        ("\u{1B}[\u{1B}[31mtwice", "twice"),
        ("right\u{202E}to left", "rightto left"),
        ("Grüße, 世界 🎉", "Grüße, 世界 🎉"),
        ("cut off \u{1B}[3", "cut off "),
    ])
    func `Nothing is left that a terminal would obey`(given: String, shown: String) {
        #expect(TerminalText.clean(given, limit: 500) == shown)
    }

    @Test func `A line is cut by what is seen of it`() {
        let coloured = String(repeating: "\u{1B}[31mx", count: 600)
        #expect(TerminalText.clean(coloured, limit: 500) == String(repeating: "x", count: 500))
    }
}
