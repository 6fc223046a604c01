import Testing

@testable import UnitFiles

@Suite struct CommandLineTests {
    @Test(
        "Words are split as systemd splits them",
        arguments: [
            ("", []),
            ("  a\tb  ", ["a", "b"]),
            (#"a "b c" 'd e'"#, ["a", "b c", "d e"]),
            (#"a"b c"d"#, ["ab cd"]),
            (#""" a"#, ["", "a"]),
            (#"'"' "'""#, [#"""#, "'"]),
            (#""a\"b" 'a\'b' a\\b"#, [#"a"b"#, "a'b", #"a\b"#]),
            (#"\x41\101\u00e9\U0001f600\t\n\s"#, ["AA\u{e9}\u{1f600}\t\n "]),
            ("%%i $$x %i ${X}", ["%%i", "$$x", "%i", "${X}"]),
            (#"a \; b "; c" ";""#, ["a", ";", "b", "; c", ";"]),
            ("a;b ;c", ["a;b", ";c"]),
            ("ü 日本\u{a0}x", ["ü", "日本\u{a0}x"]),
        ])
    func splits(line: String, words: [String]) throws {
        #expect(try CommandLine.split(line) == [words])
    }

    @Test("A semicolon alone begins another command")
    func splitsCommands() throws {
        #expect(try CommandLine.split("a ; /bin/b c") == [["a"], ["/bin/b", "c"]])
        #expect(try CommandLine.split("a ;") == [["a"], []])
    }

    @Test(
        "What has no clear meaning is malformed",
        arguments: [
            #""a"#, "'a", #"a\"#, #""a\"#, #"\q"#, #"\x4"#, #"\xzz"#, #"\x00"#, #"\477"#, #"\U00110000"#, #"\xff"#,
        ])
    func refuses(line: String) {
        #expect(throws: CommandLine.Malformed.self) { try CommandLine.split(line) }
    }

    @Test("Only a word with no specifier and no variable is literal")
    func resolves() {
        #expect(CommandLine.literal("100%% $$HOME $${X} %%i") == "100% $HOME ${X} %i")
        for word in ["%i", "$HOME", "${X}", "a%", "a$", "%%%", "$$$", "%$"] {
            #expect(CommandLine.literal(word) == nil)
        }
    }
}
