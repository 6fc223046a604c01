import Testing
import TussilagoCore
import TussilagoTestKit

@Suite struct IgnoreRulesTests {
    private func excluded(_ text: String, _ path: String, in folder: String = "", isDirectory: Bool = false) -> Bool {
        var rules = IgnoreRules()
        rules.add(text, in: folder)
        return rules.excludes(path, isDirectory: isDirectory)
    }

    /// What git itself says of the same, by `git check-ignore`.
    @Test(arguments: [
        ("*.log", "a.log", true), ("*.log", "x/y/a.log", true), ("*.log", "a.logs", false),
        ("/a.log", "a.log", true), ("/a.log", "x/a.log", false), ("x/a", "x/a", true), ("x/a", "y/x/a", false),
        ("**/a", "a", true), ("**/a", "x/y/a", true), ("x/**", "x/a/b", true), ("x/**", "x", false),
        ("x/**/b", "x/b", true), ("x/**/b", "x/a/c/b", true), ("a?c", "abc", true), ("a?c", "a/c", false),
        ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[!a-c]x", "dx", true), ("\\#x", "#x", true),
        ("# x", "# x", false), ("a\\*b", "a*b", true), ("a\\*b", "axb", false), ("x  ", "x", true),
        ("*a*b*c", "xaxbxc", true), ("*a*b*c", "xaxbx", false), ("[x", "[x", true), ("", "a", false),
        ("*.log\n!keep.log", "keep.log", false), ("!keep.log\n*.log", "keep.log", true), ("*", "a", true),
    ])
    func aLineMeansWhatItMeansToGit(text: String, path: String, isExcluded: Bool) {
        #expect(excluded(text, path) == isExcluded)
    }

    @Test func aSlashAtTheEndIsForDirectories() {
        #expect(excluded("build/", "build", isDirectory: true))
        #expect(!excluded("build/", "build"))
        #expect(excluded("build/", "x/build", isDirectory: true))
    }

    @Test func rulesOfAFolderCountBelowIt() {
        #expect(excluded("*.txt", "docs/a.txt", in: "docs"))
        #expect(!excluded("*.txt", "a.txt", in: "docs"))
        #expect(!excluded("/b/a.txt", "docs/c/b/a.txt", in: "docs"))
        #expect(excluded("/b/a.txt", "docs/b/a.txt", in: "docs"))
    }

    @Test func whatIsMadeOfASourceAndItsSecretsStayUnlessSomebodySaysSo() {
        for path in [".git", ".venv", "__pycache__", "x/__pycache__", "node_modules"] {
            #expect(excluded("", path, isDirectory: true), "\(path)")
        }
        #expect(excluded("", ".env") && excluded("", "a.pyc"))
        #expect(!excluded("!.env", ".env"))
        #expect(!excluded("", "environment.py"))
    }

    @Test(.timeLimit(.minutes(1))) func noPatternTakesLong() {
        let stars = String(repeating: "*a", count: 60) + "b", names = String(repeating: "a", count: 4000)
        #expect(!excluded(stars, names))
    }
}

@Suite struct SourceMemberTests {
    @Test func aHeadIsAsTarWritesIt() {
        let head = SourceMember(path: "shop/app.py", isExecutable: true, size: 1234).head
        #expect(head.count == 512)
        #expect(Array(head[..<11]) == Array("shop/app.py".utf8))
        #expect(Array(head[100..<107]) == Array("0000755".utf8))
        #expect(Array(head[124..<135]) == Array("00000002322".utf8))
        #expect(head[156] == UInt8(ascii: "0"))
        // The sum of all bytes, its own field taken for blanks (POSIX.1-2017 pax).
        var blank = head
        for index in 148..<156 { blank[index] = 0x20 }
        let sum = String(blank.reduce(0) { $0 + Int($1) }, radix: 8)
        #expect(String(decoding: head[148..<154], as: UTF8.self).hasSuffix(sum))
    }

    @Test(arguments: [101, 150, 993, 994, 1004])
    func aLongPathStandsInARecordThatCountsItself(length: Int) throws {
        let path = String(repeating: "x", count: length)
        let head = SourceMember(path: path, isExecutable: false, size: 0).head
        #expect(head.count % 512 == 0 && head[156] == UInt8(ascii: "x"))
        let size = try #require(Int(String(decoding: head[124..<135], as: UTF8.self), radix: 8))
        let record = String(decoding: head[512..<(512 + size)], as: UTF8.self)
        #expect(record == "\(size) path=\(path)\n")
    }
}

@Suite struct PythonBuildTests {
    @Test(arguments: ["gunicorn", "uvicorn[standard]>=0.30,<1", "a-b_c.d==1.*"])
    func aPackageIsANameWithVersions(text: String) throws { #expect(try PackageRequirement(text).text == text) }

    @Test(arguments: ["", "-r x", "--index-url=x", "./x", "x @ https://y", "a b", "../x", "x;y", "x\n", "/x"])
    func whatAnInstallerTakesForSomethingElseIsNoPackage(text: String) {
        #expect(throws: InvalidValue.self) { try PackageRequirement(text) }
    }

    @Test(arguments: ["uv.lock", "requirements.txt", "a/b/requirements-prod.txt", "none", "pyproject.toml"])
    func aFileOfPackagesLiesInTheSource(text: String) throws { #expect(try RequirementsFile(text).path == text) }

    @Test(arguments: ["", "/etc/x.txt", "../x.txt", "a/../x.txt", "a//x.txt", "-r.txt", "a/-x.txt", "x.sh", "x y.txt"])
    func noOtherFileNamesPackages(text: String) { #expect(throws: InvalidValue.self) { try RequirementsFile(text) } }

    @Test func aVersionIsThatOfTheLanguage() throws {
        #expect(try PythonVersion("3.13").description == "3.13")
        #expect(try PythonVersion("3.13.5") == PythonVersion("3.13"))
        for wrong in ["3", "2.7", "3.8", "3.x", "3.13.1.1", "", "3.-1", "03.13", "3.1300"] {
            #expect(throws: InvalidValue.self, "\(wrong)") { try PythonVersion(wrong) }
        }
        #expect(try Runtime.image(PythonVersion("3.13")).text == "localhost/tussilago-python:3.13")
        #expect(try Runtime.image(nil).isRuntime)
    }

    @Test func aReleaseOfBeforeThereWereSourcesIsReadAndWrittenTheSame() throws {
        let release = try Make.release(
            1, of: try Make.app(), tenant: try Make.tenant(), manifest: Manifest(processes: [try Make.process()]),
            tree: try Make.image("b").digest)
        let text = try release.text()
        #expect(!text.contains(#""python":"#) && !text.contains(#""release":"#) && !text.contains("built"))
        #expect(try Release(text: text) == release)
    }
}
