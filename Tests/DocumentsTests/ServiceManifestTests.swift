import Documents
import Testing
import TussilagoCore

@Suite struct ServiceManifestTests {
    private static let web = "[processes.web]\ncommand = ['a']\n"

    private func manifest(_ text: String) throws -> Manifest {
        try TOMLManifestReader().manifest(Self.web + text).get().manifest
    }

    @Test("A service has a name, a type and what the type has")
    func reads() throws {
        #expect(try manifest("").services == [])
        #expect(try manifest("").releaseSecrets == [])
        let plain = try manifest("[services.db]\ntype = 'postgres'\n")
        #expect(plain.services == [ServiceSpecification(name: try ServiceName("db"), type: .postgres, tier: .shared)])
        #expect(plain.releaseSecrets.map(\.rawValue) == ["DATABASE_URL"])
        let more = try manifest(
            "[services.db]\ntype = 'postgres'\ntier = 'shared'\nextensions = ['uuid-ossp', 'citext', 'citext']\n")
        #expect(more.database?.extensions == [.citext, .uuid])
    }

    static let broken: [BrokenManifest] = [
        .init(web + "[services.db]\n", (3, 11, "services.db.type", "add type = \"postgres\"")),
        .init(web + "[services.db]\ntype = 'mysql'\n", (4, 8, "services.db.type", "it is \"postgres\"")),
        .init(web + "[services.db]\ntype = 1\n", (4, 8, "services.db.type", "must be a text in quotes")),
        .init(
            web + "[services.db]\ntype = 'postgres'\ntier = 'dedicated'\n",
            (5, 8, "services.db.tier", "not offered yet")),
        .init(web + "[services.db]\ntype = 'postgres'\ntier = 'mine'\n", (5, 8, "services.db.tier", "\"shared\"")),
        .init(
            web + "[services.db]\ntype = 'postgres'\nextensions = ['plpython3u']\n",
            (5, 15, "services.db.extensions", "btree_gin")),
        .init(
            web + "[services.db]\ntype = 'postgres'\nextension = ['citext']\n",
            (5, 1, "services.db.extension", "did you mean extensions")),
        .init(web + "[services.Db]\ntype = 'postgres'\n", (3, 11, "services.Db", "service name")),
        .init(
            web + "[services.db]\ntype = 'postgres'\n[services.more]\ntype = 'postgres'\n",
            (6, 8, "services.more.type", "one service of a type, and db is postgres already")),
        .init(
            "secrets = ['DATABASE_URL']\n" + web + "[services.db]\ntype = 'postgres'\n",
            (1, 1, "secrets", "DATABASE_URL is what service db is reached by")),
    ]

    @Test("A mistake is told with its place", arguments: broken)
    func refuses(broken: BrokenManifest) throws {
        guard case .failure(let errors) = TOMLManifestReader().manifest(broken.text) else {
            Issue.record("it was read")
            return
        }
        #expect(errors.mistakes.count == broken.mistakes.count)
        for (mistake, expected) in zip(errors.mistakes, broken.mistakes) {
            #expect((mistake.line, mistake.column) == (expected.line, expected.column), "\(mistake.message)")
            #expect(mistake.key == expected.key)
            #expect(mistake.message.contains(expected.part), "\(mistake.message)")
        }
    }
}
