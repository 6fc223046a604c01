import Documents
import Testing
import TussilagoCore

@Suite struct EgressManifestTests {
    private func manifest(_ text: String) throws -> Manifest {
        try TOMLManifestReader().manifest(text).get().manifest
    }

    @Test("Hosts are read in any order, and the Internet is one word")
    func reads() throws {
        let web = "[processes.web]\ncommand = ['a']\n"
        let hosts = try manifest("egress = ['https://b.example:8443', 'https://A.example']\n" + web).egress
        #expect(hosts?.description == "https://a.example https://b.example:8443")
        #expect(try manifest("egress = ['internet']\n" + web).egress == .internet)
        #expect(try manifest("egress = []\n" + web).egress == nil)
        #expect(try manifest(web).egress == nil)
    }

    static let broken: [BrokenManifest] = [
        .head("egress = 'internet'", (1, 10, "egress", "must be an array")),
        .head("egress = ['http://a.example']", (1, 11, "egress", "write \"https://HOST\"")),
        .head("egress = ['a.example']", (1, 11, "egress", "write \"https://HOST\"")),
        .head("egress = ['*']", (1, 11, "egress", "write \"https://HOST\"")),
        .head("egress = ['https://*.example.org']", (1, 11, "egress", "wildcards are not allowed")),
        .head("egress = ['https://10.0.0.1']", (1, 11, "egress", "an address is not a hostname")),
        .head("egress = ['https://a.example/x']", (1, 11, "egress", "only a host and a port")),
        .head("egress = ['https://a.example', 'internet']", (1, 32, "egress", "let it stand alone")),
        .head(
            "egress = ['https://a.example',\n'https://A.example:443']",
            (2, 1, "egress", "stands in the list already, on line 1")),
        .head("egress = [1]", (1, 11, "egress", "must be a text in quotes")),
        .head("egres = ['internet']", (1, 1, "egres", "egress")),
        .init(
            "egress = ['internet']\n"
                + (0..<8).map { "[processes.p\($0)]\ncommand = ['a']\ncount = 16\ningress = 'none'\n" }.joined(),
            (1, 1, "egress", "at most 120 instances")),
    ]

    @Test("A mistake is told with its place", arguments: broken)
    func refuses(broken: BrokenManifest) throws {
        guard case .failure(let errors) = TOMLManifestReader().manifest(broken.text) else {
            Issue.record("it was read")
            return
        }
        #expect(errors.mistakes.count == broken.mistakes.count)
        for (mistake, expected) in zip(errors.mistakes, broken.mistakes) {
            #expect((mistake.line, mistake.column) == (expected.line, expected.column))
            #expect(mistake.key == expected.key)
            #expect(mistake.message.contains(expected.part), "\(mistake.message)")
        }
    }

    @Test("There may not be too many hosts")
    func bounds() {
        let hosts = (0...32).map { "'https://a\($0).example'" }.joined(separator: ", ")
        let text = "egress = [\(hosts)]\n[processes.web]\ncommand = ['a']\n"
        guard case .failure(let errors) = TOMLManifestReader().manifest(text) else {
            Issue.record("it was read")
            return
        }
        #expect(errors.mistakes.map(\.message) == ["there may be at most 32; this is one too many"])
    }
}
