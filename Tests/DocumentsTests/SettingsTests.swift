import Documents
import FoundationEssentials
import Testing
import TussilagoCore

/// A host's file system, in a directory of its own that is gone after the test.
private struct Root: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "tussilago-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ file: String, _ text: String) throws { try write(file, Data(text.utf8)) }

    func write(_ file: String, _ bytes: Data) throws {
        try createDirectory(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
        try bytes.write(to: URL(filePath: path + file))
    }

    func createDirectory(_ directory: String) throws {
        try FileManager.default.createDirectory(atPath: path + directory, withIntermediateDirectories: true)
    }

    /// The mistakes of the settings, each without the directory that the test lies in.
    func mistakes() -> [String] {
        do throws(SettingsError) {
            _ = try Settings.load(root: path)
            return []
        } catch {
            return error.description.split(separator: "\n").map { String($0.dropFirst(path.count)) }
        }
    }
}

@Suite struct SettingsTests {
    @Test func ofAHostWithoutFilesAreTheDefaults() throws {
        #expect(try Settings.load(root: Root().path) == Settings())
    }

    @Test func everyKeyReachesTheSettings() throws {
        let root = try Root()
        try root.write(
            "/etc/tussilago/tussilagod.toml",
            """
            agent = { idle = "0s", operations = 64, deadline = "24h" }
            api = { body = "16K", connections-per-user = 1, idle = "1h", read = "10m" }
            files = { size = "16G", entries = 1 }
            podman.socket = "/run/user/podman.sock"
            reconcile.repair = false
            egress.resolvers = ["8.8.8.8"]
            hostnames = { suffixes = ["apps.example.org"], proof = "none" }
            [caddy]
            listen = [":80", "127.0.0.1:443", "[::1]:8080"]
            automatic-https = true
            admin = "/run/admin.sock"
            hold = "2m"
            """)
        var settings = Settings()
        settings.agent.idle = nil
        settings.agent.operations = 64
        settings.agent.deadline = .seconds(24 * 3600)
        settings.reconcile.repair = false
        settings.api.body = Bytes(16_384)
        settings.api.connectionsPerUser = 1
        settings.api.idle = .seconds(3600)
        settings.api.read = .seconds(600)
        settings.caddy = CaddyConfiguration(
            listen: [":80", "127.0.0.1:443", "[::1]:8080"], automaticHTTPS: true, holdSeconds: 120,
            adminSocket: "/run/admin.sock")
        settings.files.size = .mebibytes(16 << 10)
        settings.files.entries = 1
        settings.egress.resolvers = ["8.8.8.8"]
        settings.hostnames.suffixes = [try Hostname("apps.example.org")]
        settings.hostnames.proof = .none
        settings.podman.socket = "/run/user/podman.sock"
        #expect(try Settings.load(root: root.path) == settings)
    }

    /// Each line `#key = value` of the file is a default: with all of them as if written, nothing differs.
    @Test func theShippedFileShowsEachDefault() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../units/tussilago/tussilagod.toml")
        let shipped = try String(contentsOf: file, encoding: .utf8)
        let lines = shipped.split(separator: "\n", omittingEmptySubsequences: false)
        let defaults = lines.filter { $0.hasPrefix("#") && $0.dropFirst().first?.isLetter == true }
        #expect(defaults.count == 26)
        let root = try Root()
        try root.write("/usr/lib/tussilago/tussilagod.toml", shipped)
        #expect(try Settings.load(root: root.path) == Settings())
        let written = lines.map { defaults.contains($0) ? $0.dropFirst() : $0 }.joined(separator: "\n")
        try root.write("/usr/lib/tussilago/tussilagod.toml", written)
        #expect(try Settings.load(root: root.path) == Settings())
    }

    @Test func theFirstDirectoryWithAFileCountsAlone() throws {
        let root = try Root()
        try root.write("/usr/lib/tussilago/tussilagod.toml", "agent.operations = 1\nfiles.entries = 1")
        #expect(try Settings.load(root: root.path).agent.operations == 1)
        try root.write("/run/tussilago/tussilagod.toml", "agent.operations = 2")
        #expect(try Settings.load(root: root.path).agent.operations == 2)
        try root.write("/etc/tussilago/tussilagod.toml", "# all defaults")
        #expect(try Settings.load(root: root.path) == Settings())
    }

    @Test func dropInsAreLaidOverTheFileByTheOrderOfTheirNames() throws {
        let root = try Root()
        try root.write("/etc/tussilago/tussilagod.toml", "[agent]\noperations = 1\nidle = '1m'\n[files]\nentries = 7")
        try root.write(
            "/etc/tussilago/tussilagod.toml.d/10-a.toml", "agent.operations = 10\ncaddy.listen = [':1', ':2']")
        try root.write("/usr/lib/tussilago/tussilagod.toml.d/20-b.toml", "agent.operations = 20\ncaddy.listen = [':3']")
        try root.write("/run/tussilago/tussilagod.toml.d/15-c.toml", "agent.operations = 15\napi.read = '1s'")
        try root.write("/etc/tussilago/tussilagod.toml.d/90-off.toml.bak", "nonsense")
        try root.write("/etc/tussilago/tussilagod.toml.d/.90-off.toml", "nonsense")
        var settings = Settings()
        settings.agent.idle = .seconds(60)
        settings.agent.operations = 20
        settings.api.read = .seconds(1)
        settings.caddy.listen = [":3"]
        settings.files.entries = 7
        #expect(try Settings.load(root: root.path) == settings)
    }

    @Test func aDropInHidesThoseOfItsNameInLaterDirectories() throws {
        let root = try Root()
        try root.write("/usr/lib/tussilago/tussilagod.toml.d/50-x.toml", "agent.operations = 3")
        try root.write("/run/tussilago/tussilagod.toml.d/50-x.toml", "files.entries = 3")
        #expect(try Settings.load(root: root.path).agent.operations == 4)
        #expect(try Settings.load(root: root.path).files.entries == 3)
        let masked = root.path + "/etc/tussilago/tussilagod.toml.d"
        try FileManager.default.createDirectory(atPath: masked, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: masked + "/50-x.toml", withDestinationPath: "/dev/null")
        #expect(try Settings.load(root: root.path) == Settings())
    }

    @Test func everyMistakeOfAllFilesIsNamedWithItsFileAndLine() throws {
        let root = try Root()
        try root.write(
            "/etc/tussilago/tussilagod.toml",
            """
            [agent]
            operations = 65
            idel = "1s"
            [caddy]
            listen = [":80", "nowhere", ":0", "[x]:80"]
            automatic-https = "yes"
            admin = "run/../x"
            hold = 30
            [nonsense]
            """)
        try root.write("/run/tussilago/tussilagod.toml.d/a.toml", "\n  files = 1\n")
        try root.write("/run/tussilago/tussilagod.toml.d/b.toml", "[api]\nread = 10s\n")
        try root.write(
            "/run/tussilago/tussilagod.toml.d/c.toml", "[podman]\nsocket = '/\(String(repeating: "x", count: 107))'")
        let expected = [
            "/etc/tussilago/tussilagod.toml:2:14: agent.operations: 65 is out of range; it must be from 1 to 64",
            "/etc/tussilago/tussilagod.toml:3:1: agent.idel: this key is unknown; did you mean idle?",
            "/etc/tussilago/tussilagod.toml:5:18: caddy.listen: \"nowhere\" is not a valid address: it is written",
            "/etc/tussilago/tussilagod.toml:5:29: caddy.listen: \":0\" is not a valid address: it is written",
            "/etc/tussilago/tussilagod.toml:5:35: caddy.listen: \"[x]:80\" is not a valid address: its host",
            "/etc/tussilago/tussilagod.toml:6:19: caddy.automatic-https: this is a text; it must be true or false",
            "/etc/tussilago/tussilagod.toml:7:9: caddy.admin: \"run/../x\" is not a valid socket path",
            "/etc/tussilago/tussilagod.toml:8:8: caddy.hold: this is a number; it must be a text in quotes",
            "/etc/tussilago/tussilagod.toml:9:2: nonsense: this key is unknown; known here: agent, api, caddy, egress",
            "/run/tussilago/tussilagod.toml.d/a.toml:2:11: files: this is a number; it must be a table",
            "/run/tussilago/tussilagod.toml.d/b.toml:2:8: this is not a value; a text stands in quotes",
            "/run/tussilago/tussilagod.toml.d/c.toml:2:10: podman.socket: ",
        ]
        let mistakes = root.mistakes()
        #expect(mistakes.count == expected.count)
        for (mistake, expected) in zip(mistakes, expected) { #expect(mistake.hasPrefix(expected)) }
    }

    @Test func aMistakeIsOfTheFileThatHasTheLastWord() throws {
        let root = try Root()
        try root.write("/etc/tussilago/tussilagod.toml", "agent.operations = 0")
        try root.write("/etc/tussilago/tussilagod.toml.d/a.toml", "[agent]\noperations = 1000")
        try root.write("/usr/lib/tussilago/tussilagod.toml.d/a.toml", "agent.operations = 2000")
        #expect(root.mistakes().count == 1)
        #expect(
            root.mistakes().first?.hasPrefix("/etc/tussilago/tussilagod.toml.d/a.toml:2:14: agent.operations: 1000")
                == true)
    }

    @Test func aFileThatCannotBeTakenIsNamed() throws {
        let root = try Root()
        try root.write(
            "/etc/tussilago/tussilagod.toml", Data("# ü\n# \u{1F33C}".utf8) + [0xF0, 0x9F, 0x8C] + Data("\n".utf8))
        let directory = "/etc/tussilago/tussilagod.toml.d"
        try root.write("\(directory)/a.toml", String(repeating: "#", count: 65_537))
        try root.createDirectory("\(directory)/b.toml")
        try FileManager.default.createSymbolicLink(
            atPath: root.path + "\(directory)/c.toml", withDestinationPath: "/nonexistent")
        try FileManager.default.createSymbolicLink(
            atPath: root.path + "\(directory)/d.toml", withDestinationPath: "/dev/zero")
        try root.write("\(directory)/e.toml", String(repeating: "#", count: 65_536))
        #expect(
            root.mistakes() == [
                "/etc/tussilago/tussilagod.toml:2:4: the text is not UTF-8",
                "\(directory)/a.toml: a file of settings may have at most 64 KiB",
                "\(directory)/b.toml: this is not a file",
                "\(directory)/c.toml: this file cannot be read: No such file or directory",
                "\(directory)/d.toml: this is not a file",
            ])
    }

    @Test func aFileInThePlaceOfTheDirectoryIsNamed() throws {
        let root = try Root()
        try root.write("/etc/tussilago/tussilagod.toml.d", "")
        #expect(root.mistakes() == ["/etc/tussilago/tussilagod.toml.d: this directory cannot be read: Not a directory"])
    }
}
