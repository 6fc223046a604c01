import FoundationEssentials
import Testing
import TussilagoCore

@testable import UnitFiles

@Suite struct SecretTests {
    let host: TemporaryHost

    init() throws {
        host = try TemporaryHost()
        try host.makeDirectory("/etc/credstore.encrypted")
        try host.write("/var/lib/systemd/credential.secret", "key", mode: 0o400)
    }

    private static let value = "canary-\u{0}-with\nlines"

    private func secret(_ text: String = value) -> Secret {
        var bytes = Array(text.utf8)
        return Secret(taking: &bytes)
    }

    /// A store whose program turns values into hexadecimal and back, and notes its arguments and environment.
    private func store() throws -> CredentialStore {
        try host.write(
            "/usr/bin/systemd-creds",
            """
            #!/bin/sh
            echo "$@" >> \(host.root)/arguments
            /usr/bin/env >> \(host.root)/arguments
            case "$*" in
            *encrypt*) echo "sealed $*"; exec /usr/bin/base64 ;;
            *) IFS= read -r head
                case "$head" in "sealed --with-key=host $1 encrypt - -") exec /usr/bin/base64 -d ;; *) exit 1 ;; esac ;;
            esac
            """, mode: 0o755)
        return CredentialStore(root: host.root, program: "\(host.root)/usr/bin/systemd-creds", deadline: .seconds(300))
    }

    @Test("A value goes in and comes out again, through pipes; its file has an id for a name, and is root's alone")
    func keeps() async throws {
        let store = try store(), id = UUID()
        try await store.keep(secret(), as: id)
        let path = "/etc/credstore.encrypted/tussilago.\(id.lowercased)"
        #expect(host.names("/etc/credstore.encrypted") == ["tussilago.\(id.lowercased)"])
        #expect(host.mode(path) == 0o600)
        #expect(try await store.open(id) == secret())
        #expect(Array(try await store.stored().keys) == [id])
        let arguments = try #require(host.text("/arguments"))
        #expect(arguments.contains("--name=tussilago.\(id.lowercased)") && !arguments.contains("canary"))
        #expect(host.text(path)?.contains("canary") == false)
        try await store.remove([id, UUID()])
        #expect(host.names("/etc/credstore.encrypted") == [])
    }

    @Test("One credential in the place of another is not taken for it")
    func bindsNames() async throws {
        let store = try store(), one = UUID(), other = UUID()
        try await store.keep(secret(), as: one)
        try host.write(
            "/etc/credstore.encrypted/tussilago.\(other.lowercased)",
            try #require(host.text("/etc/credstore.encrypted/tussilago.\(one.lowercased)")), mode: 0o600)
        let error = await failure { () throws(PortError) in _ = try await store.open(other) }
        #expect(error?.code == .noKey)
        #expect(await failure { () throws(PortError) in _ = try await store.open(UUID()) }?.code == .notFound)
    }

    @Test("Without a key nothing is kept, and the program is not even asked: it would make one")
    func failsClosed() async throws {
        let store = try store()
        try FileManager.default.removeItem(atPath: "\(host.root)/var/lib/systemd/credential.secret")
        #expect(!store.hasKey())
        let error = await failure { () throws(PortError) in try await store.keep(secret(), as: UUID()) }
        #expect(error?.code == .noKey)
        #expect(host.names("/etc/credstore.encrypted") == [] && host.text("/arguments") == nil)
    }

    @Test("What others have there is neither listed nor removed")
    func leavesOthers() async throws {
        let store = try store(), id = UUID()
        for name in [
            "mine", "tussilago.x", "tussilago.\(id.uuidString.uppercased())", ".tussilago.\(id.lowercased).new",
        ] {
            try host.write("/etc/credstore.encrypted/\(name)", "x")
        }
        #expect(try await store.stored().isEmpty)
        try await store.remove([id])
        #expect(host.names("/etc/credstore.encrypted")?.count == 4)
    }

    @Test("What a killed agent has left half-written is removed by the next one")
    func removesLeftovers() async throws {
        let record = "/var/lib/tussilago/apps/acme/shop/secrets.json"
        try host.write(record, "[]", mode: 0o600)
        try host.write("/var/lib/tussilago/apps/acme/shop/.secrets.json.new", "[", mode: 0o600)
        let names = [".tussilago.1.new", ".mine.new", "tussilago.1"]
        for name in names { try host.write("/etc/credstore.encrypted/\(name)", "x", mode: 0o600) }
        try await host.store.removeLeftovers()
        #expect(host.names("/var/lib/tussilago/apps/acme/shop") == ["secrets.json"])
        #expect(Set(host.names("/etc/credstore.encrypted") ?? []) == Set(names.dropFirst()))
    }

    @Test("A release has a list of its secrets; one without secrets has none")
    func lists() async throws {
        let plain = try Example.release(7), network = try Example.network(), id = UUID(), other = UUID()
        let versions = [
            SecretVersion(name: try SecretName("KEY"), number: 2, credential: id),
            SecretVersion(name: try SecretName("A"), number: 1, credential: other),
        ]
        let release = Release(
            id: UUID(), app: plain.app, number: try Example.number(8), artefact: plain.artefact,
            manifest: plain.manifest, templates: plain.templates, secrets: versions)
        try await host.store.perform(.stage(plain, network: network))
        try await host.store.perform(.stage(release, network: network))
        let releases = "/var/lib/tussilago/apps/acme/shop/releases"
        #expect(host.names("\(releases)/7")?.contains("secrets") == false)
        #expect(
            host.text("\(releases)/8/secrets") == "A tussilago.\(other.lowercased)\nKEY tussilago.\(id.lowercased)\n")
        #expect(host.mode("\(releases)/8/secrets") == 0o600)
    }

    @Test("Which secrets an app has is noted beside its releases, read back, and gone with the last")
    func notes() async throws {
        let version = SecretVersion(name: try SecretName("KEY"), number: 2, credential: UUID())
        let records = [SecretRecord(version, createdAt: Date(timeIntervalSince1970: 1_700_000_000.5), isCurrent: true)]
        try await host.store.perform(.noteSecrets(Example.app, records))
        #expect(host.mode("/var/lib/tussilago/apps/acme/shop/secrets.json") == 0o600)
        #expect(try await host.store.observe(.app(Example.app)).secrets == records)
        try host.write("/var/lib/tussilago/apps/acme/shop/secrets.json", "{", mode: 0o600)
        #expect(try await host.store.observe(.app(Example.app)).secrets == [])
        try await host.store.perform(.noteSecrets(Example.app, []))
        #expect(host.names("/var/lib/tussilago/apps") == [])
    }
}
