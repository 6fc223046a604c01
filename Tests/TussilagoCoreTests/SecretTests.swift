import FoundationEssentials
import Synchronization
import Testing
import TussilagoTestKit

@testable import TussilagoCore

@Suite struct SecretTests {
    private static let value = "canary-7f3a"

    private func secret(_ text: String = value) -> Secret {
        var bytes = Array(text.utf8)
        return Secret(taking: &bytes)
    }

    @Test("It is printed masked, however it is printed, alone and within others")
    func isMasked() {
        struct Holder {
            let name = "KEY"
            let value: Secret
        }
        let secret = secret(), holder = Holder(value: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        let printed = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Optional(secret) as Any)",
            "\([secret])", "\(holder)", String(reflecting: holder), dumped,
        ]
        for text in printed {
            #expect(text.contains(Secret.mask) || text == dumped, "\(text)")
            #expect(!text.contains(Self.value), "\(text)")
        }
        // The same look finds a value that is a text.
        #expect("\([Self.value])".contains(Self.value))
    }

    @Test("It has no encoding")
    func isNoCodable() {
        let secret: Any = secret()
        #expect(!(secret is any Encodable) && !(secret is any Decodable))
        #expect(("text" as Any) is any Encodable)
    }

    @Test("What it was made of is overwritten, and so are its own bytes at its end")
    func isOverwritten() {
        var bytes = Array(Self.value.utf8)
        let left = Mutex<[UInt8]?>(nil)
        var secret: Secret? = Secret(taking: &bytes) { memory in
            left.withLock { $0 = Array(memory) }
            memory.deallocate()
        }
        #expect(bytes == [UInt8](repeating: 0, count: Self.value.utf8.count))
        #expect(secret.map { Array($0.bytes) } == Array(Self.value.utf8))
        #expect(left.withLock { $0 } == nil)
        secret = nil
        #expect(left.withLock { $0 } == [UInt8](repeating: 0, count: Self.value.utf8.count))
    }

    @Test("Two are the same when all their bytes are")
    func areCompared() {
        #expect(secret() == secret() && secret().hashValue == secret().hashValue)
        for other in ["canary-7f3b", "banary-7f3a", "canary-7f3", "canary-7f3aa", ""] {
            #expect(secret() != secret(other))
        }
    }

    @Test(
        "A name is that of an environment variable",
        arguments: ["DB_PASSWORD", "_", "a", "x1", String(repeating: "N", count: 64)])
    func names(_ text: String) throws { #expect(try SecretName(text).rawValue == text) }

    @Test(
        "What would be a path, a second line or another file is no name",
        arguments: [
            "", "1A", "A-B", "a.b", "../x", "a/b", "A B", "A\n", "Ä", "%i", "$A", String(repeating: "N", count: 65),
        ])
    func refusesNames(_ text: String) { #expect(throws: InvalidValue.self) { try SecretName(text) } }

    @Test("Manifests, releases and requests of earlier versions have no secrets, and are read and written as they were")
    func readsEarlierRecords() throws {
        let app = try Make.app(), tenant = try Make.tenant()
        let plain = try Make.release(1, of: app, tenant: tenant, manifest: Manifest(processes: [try Make.process()]))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(plain), as: UTF8.self)
        #expect(!text.contains("secrets"))
        #expect(try JSONDecoder().decode(Release.self, from: Data(text.utf8)) == plain)
        let name = try SecretName("KEY")
        let version = SecretVersion(name: name, number: 3, credential: Make.id(9))
        let manifest = Manifest(processes: [try Make.process()], secrets: [name])
        let release = Release(
            id: plain.id, app: plain.app, number: plain.number, artefact: plain.artefact, manifest: manifest,
            templates: plain.templates, secrets: [version])
        #expect(try JSONDecoder().decode(Release.self, from: try encoder.encode(release)) == release)
        #expect(release.differences(from: plain) == ["secrets (KEY)"])
        let old = #"{"restore":{"_0":"/srv/backup.tar"}}"#
        #expect(
            try JSONDecoder().decode(Operation.Request.self, from: Data(old.utf8)) == .restore("/srv/backup.tar"))
    }

    @Test("A template says where secrets are, and never which or in which version")
    func template() throws {
        for ingress in [Ingress.socket, .port(80), nil] {
            let process = try Make.process(ingress: ingress)
            let user = try Make.tenant().users.host(10_001)
            func text(_ hasSecrets: Bool) throws -> String {
                ProcessTemplate(
                    tenant: try Make.tenant(), app: try Make.app(), process: process, hasFiles: true,
                    hasSecrets: hasSecrets
                ).text
            }
            let lines = Set(try text(true).split(separator: "\n"))
            #expect(
                lines.subtracting(try text(false).split(separator: "\n")) == [
                    "Volume=/run/tussilago-secrets/%N:/run/secrets:ro",
                    "ExecStartPre=/usr/libexec/tussilago/tussilago-instance secrets %N \(user) "
                        + "/var/lib/tussilago/apps/acme/shop/live/%i/secrets",
                    "ExecStopPost=-/usr/libexec/tussilago/tussilago-instance forget %N",
                ])
        }
    }
}
