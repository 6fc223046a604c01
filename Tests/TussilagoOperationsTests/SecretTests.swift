import FoundationEssentials
import Testing
import TussilagoCore
import TussilagoTestKit
import UnitFiles

@testable import SQLiteLedger
@testable import TussilagoOperations

/// The secrets of apps, on a simulated host.
@Suite struct SecretTests {
    @Test("A value that was set is the next release's, and earlier releases keep theirs")
    func deploys() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        let first = try await platform.current()
        #expect(first.secrets.map(\.number) == [1])
        #expect(try await platform.run(platform.set("KEY", "two")).state == .succeeded)
        #expect(try await platform.current() == first)
        #expect(try await platform.run(try platform.deploy(secrets: ["KEY"])).state == .succeeded)
        #expect(try await platform.current().secrets.map(\.number) == [2])
        #expect(try await platform.run(.rollback(platform.shop, nil)).state == .succeeded)
        #expect(try await platform.current().secrets == first.secrets)
        let host = await platform.host.host
        #expect(host.secrets[platform.shop] == (try await platform.ledger.secrets(of: platform.shop)))
    }

    @Test("A manifest that asks for a secret without a value is not deployed, and the mend is named")
    func needsValue() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let failed = try await platform.run(try platform.deploy(secrets: ["KEY"]))
        #expect(failed.failure?.code == "not-found" && failed.failure?.message.contains("secret KEY") == true)
        #expect(failed.failure?.remedy == "tussilago secret set acme/shop KEY")
        #expect(try await platform.current().number == .first)
    }

    @Test("A rotation is a release with the newest values, with no reload, no write to Caddy and no outage")
    func rotates() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        _ = try await platform.run(platform.set("KEY", "two"))
        let before = await platform.host.host
        let rotated = try await platform.run(.rotateSecrets(platform.shop))
        #expect(rotated.state == .succeeded && rotated.release?.rawValue == 3)
        let after = await platform.host.host
        #expect(after.reloads == before.reloads && after.routeWrites == before.routeWrites && after.outages == [])
        let current = try await platform.current()
        #expect(current.secrets.map(\.number) == [2] && current.origin?.reason == "rotate KEY")
        // There is nothing more to rotate.
        let again = try await platform.run(.rotateSecrets(platform.shop))
        #expect(again.failure?.code == "refused" && again.failure?.remedy?.contains("secret set") == true)
    }

    @Test("A rotation whose values the app refuses goes back, and the old ones serve")
    func goesBack() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        let old = try await platform.current()
        _ = try await platform.run(platform.set("KEY", "bad"))
        let unit = try #require(UnitName("tussilago-acme-shop-web.2@3.service"))
        await platform.host.change { $0.broken = [unit] }
        let rotated = try await platform.run(.rotateSecrets(platform.shop))
        #expect(rotated.failure?.code == "start-failed")
        #expect(try await platform.current() == old)
        let host = await platform.host.host
        #expect(host.upstreams[platform.shop]?[1]?.release == old.number && host.outages == [])
        #expect(try await Survey(platform.outside).findings().filter { $0.action == .repair } == [])
        // The value stays set, for a release that takes it.
        await platform.host.change { $0.broken = [] }
        #expect(try await platform.run(.rotateSecrets(platform.shop)).state == .succeeded)
    }

    @Test("A secret that the current release uses is not unset; one that it does not use is")
    func unsets() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        let key = try SecretName("KEY")
        let refused = try await platform.run(.unsetSecret(platform.shop, key))
        #expect(refused.failure?.code == "refused" && refused.failure?.message.contains("release 2 uses it") == true)
        _ = try await platform.run(try platform.deploy(secrets: []))
        #expect(try await platform.run(.unsetSecret(platform.shop, key)).state == .succeeded)
        #expect(try await platform.run(.unsetSecret(platform.shop, key)).state == .succeeded)
        #expect(try await platform.run(try platform.deploy(secrets: ["KEY"])).state == .failed)
        // The release before still has its value.
        #expect(try await platform.run(.rollback(platform.shop, ReleaseNumber(rawValue: 2))).state == .succeeded)
    }

    @Test("An unset whose agent died behind the rows is finished in the files, which count for more")
    func finishesUnset() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        _ = try await platform.run(try platform.deploy(secrets: []))
        let key = try SecretName("KEY")
        try await platform.ledger.unsetSecret(platform.shop, key)
        #expect(try await platform.run(.unsetSecret(platform.shop, key)).state == .succeeded)
        let host = await platform.host.host
        #expect(host.secrets[platform.shop] == (try await platform.ledger.secrets(of: platform.shop)))
        #expect(host.secrets[platform.shop]?.contains(where: \.isCurrent) == false)
    }

    @Test("A value that the files could not be told of is set all the same, and a reconcile tells them")
    func isSetWithoutFiles() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        for afterEffect in [false, true] {
            await platform.host.inject([.init(at: 1, code: .unexpected, afterEffect: afterEffect)])
            let request = try await platform.set("KEY", "two")
            let set = try await platform.run(request)
            #expect(set.state == .succeeded)
            let said = try await platform.ledger.events(of: set.id, after: 0).filter { $0.kind == .finding }
            #expect(said.count == 1 && said.first?.text.contains("the next reconcile") == true)
            await platform.host.inject([])
            #expect(try await platform.run(.reconcile).state == .succeeded)
            let known = try await platform.ledger.secrets(of: platform.shop)
            #expect(await platform.host.host.secrets[platform.shop] == known)
            #expect(known.filter(\.isCurrent).map(\.version.number) == [afterEffect ? 3 : 2])
        }
    }

    @Test("A request that is written down has no value, and its operation is done twice as once")
    func isIdempotent() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        let request = try await platform.set("KEY", "canary-in-a-request")
        #expect(try await platform.run(request).state == .succeeded)
        #expect(try await platform.run(request).state == .succeeded)
        #expect(try await platform.ledger.secrets(of: platform.shop).map(\.version.number) == [1])
        await platform.ledger.close()
        #expect(try !platform.bytes().contains("canary-in-a-request"))
        #expect(try platform.bytes().contains("acme"))
    }

    @Test("A collection removes values that no release has any more, and credentials of no secret; never what is used")
    func collects() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        _ = try await platform.run(platform.set("KEY", "two"))
        _ = try await platform.run(platform.set("KEY", "three"))
        let lost = UUID(), fresh = UUID()
        var bytes = Array("lost".utf8), more = Array("fresh".utf8)
        try await platform.secrets.keep(Secret(taking: &bytes), as: lost)
        await platform.secrets.setTime(Date())
        try await platform.secrets.keep(Secret(taking: &more), as: fresh)
        let known = try await platform.ledger.secrets(of: platform.shop)
        #expect(try await Waste.find(platform.outside).things.count == 2)
        #expect(try await platform.run(.collect).state == .succeeded)
        // Version 1 is the release's, 3 the next one's; what is an hour old at most may be a request's that is not written
        // down yet.
        #expect(try await platform.ledger.secrets(of: platform.shop).map(\.version.number) == [1, 3])
        let left = Set(await platform.secrets.stored().keys)
        #expect(left == [known[0].version.credential, known[2].version.credential, fresh])
        #expect(await platform.host.host.secrets[platform.shop]?.count == 2)
        #expect(try await Survey(platform.outside).findings() == [])
    }

    @Test("An app's values go with it")
    func goes() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        #expect(try await platform.run(.deleteApp(platform.shop)).state == .succeeded)
        #expect(await platform.secrets.stored().isEmpty)
        #expect(await platform.host.host.secrets.isEmpty)
    }

    @Test("A lost ledger has all names and versions again, from the files")
    func survivesLoss() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        _ = try await platform.run(platform.set("KEY", "two"))
        _ = try await platform.run(platform.set("OTHER", "one"))
        let before = try await platform.ledger.secrets(of: platform.shop)
        await platform.ledger.close()
        try platform.spoil { _ in nil }
        let next = try await platform.next()
        _ = try #require(await next.ensure())
        #expect(try await next.ledger.secrets(of: next.shop) == before && before.count == 3)
        #expect(try await Survey(next.outside).findings() == [])
        #expect(try await next.run(.rotateSecrets(next.shop)).state == .succeeded)
    }

    @Test("What is noted of secrets is noted again by a reconcile where it was lost")
    func notesAgain() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        // Until it has nothing to do, and would not look again.
        for _ in 0..<2 { _ = try await platform.run(.reconcile) }
        let before = await platform.host.host.secrets
        await platform.host.change { $0.secrets = [:] }
        #expect(try await platform.run(.reconcile).state == .succeeded)
        #expect(await platform.host.host.secrets == before && before[platform.shop]?.count == 1)
    }

    @Test("A value that is not on the host, and a key that is not, are found and told")
    func findsMissing() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        let credential = try await platform.credential()
        await platform.secrets.remove([credential])
        let found = try await Survey(platform.outside).findings()
        #expect(found.count == 1 && found[0].what.contains("tussilago secret set acme/shop KEY"))
        await platform.secrets.setKey(false)
        #expect(try await Survey(platform.outside).findings().count == 2)
    }

    // MARK: Faults

    private func rotating() async throws -> Platform {
        let platform = try await Platform()
        try await platform.withSecret()
        _ = try await platform.run(try await platform.set("KEY", "two"))
        return platform
    }

    @Test("A rotation that is refused at any call, or whose agent dies there, leaves an app that serves")
    func survivesFaults() async throws {
        let whole = try await rotating()
        await whole.host.inject([])
        #expect(try await whole.run(.rotateSecrets(whole.shop)).state == .succeeded)
        let calls = await whole.host.calls.count
        #expect(calls > 3)
        for at in 1...calls {
            let refused = try await rotating()
            await refused.host.inject([.init(at: at, code: .refused)])
            #expect(try await refused.run(.rotateSecrets(refused.shop)).state == .failed, "call \(at)")
            let serving = try #require(await refused.host.host.upstreams[refused.shop]?[1], "call \(at)")
            #expect(await refused.host.host.outages == [], "call \(at)")
            #expect(try await refused.current().number == serving.release, "call \(at)")
            let dead = try await rotating()
            await dead.host.inject([.init(at: at, code: .unavailable, lasts: true)])
            let dying = DyingAgent(dead)
            let accepted = try await dying.queue.accept(
                .rotateSecrets(dead.shop), caller: "root", requestID: UUID(), key: nil)
            while !dying.isDead { try await Task.sleep(for: .milliseconds(1)) }
            await dead.host.inject([])
            try await dead.anotherQueue().resume()
            #expect(try await dead.ended(accepted.id).state == .succeeded, "call \(at)")
            #expect(try await dead.current().secrets.map(\.number) == [2], "call \(at)")
            #expect(await dead.host.host.outages == [], "call \(at)")
        }
    }

    // MARK: Backup

    private func key(_ platform: Platform, _ text: String, mode: Int = 0o600) throws -> String {
        let path = "\(platform.directory)/secrets.key"
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private static let keyText = "0123456789abcdef0123456789abcdef"

    @Test("A backup with a key has the values, encrypted; another host takes them in with the same key only")
    func restores() async throws {
        let old = try await Platform()
        try await old.withSecret("canary-in-a-backup")
        let path = try await old.backup(secretsKey: try key(old, Self.keyText))
        let bytes = try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        let kept = try await old.credential().uuidString.lowercased()
        #expect(!bytes.contains("canary-in-a-backup") && bytes.contains("secrets/\(kept)"))
        let wrong = try await Platform()
        let refused = try await wrong.run(.restore(path, secretsKey: try key(wrong, Self.keyText + "x")))
        #expect(refused.failure?.code == "refused" && refused.failure?.message.contains("secrets key") == true)
        #expect(try await wrong.ledger.tenants(PageQuery()).items.isEmpty)
        #expect(await wrong.secrets.stored().isEmpty)
        let new = try await Platform()
        let restored = try await new.run(.restore(path, secretsKey: try key(new, Self.keyText)))
        #expect(restored.state == .succeeded, "\(String(describing: restored.failure))")
        let credential = try await new.credential()
        #expect(Array(try await new.secrets.open(credential).bytes) == Array("canary-in-a-backup".utf8))
        #expect(try await Survey(new.outside).findings() == [])
    }

    @Test("A backup without a key has no value, and a restore tells which apps lack theirs")
    func restoresWithout() async throws {
        let old = try await Platform()
        try await old.withSecret("canary-in-a-backup")
        let path = try await old.backup()
        let credential = try await old.credential().uuidString.lowercased()
        let bytes = try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        #expect(!bytes.contains("secrets/\(credential)") && !bytes.contains("canary-in-a-backup"))
        let new = try await Platform()
        let restored = try await new.run(.restore(path))
        let told = try await new.ledger.events(of: restored.id, after: 0).filter { $0.kind == .finding }
        #expect(told.count == 1 && told[0].text.contains("secret KEY is not on this host"))
    }

    @Test("A key that could be guessed, or that others may read, is refused")
    func refusesKeys() async throws {
        let platform = try await Platform()
        try await platform.withSecret()
        let keys = [("short", 0o600), (Self.keyText, 0o640), (Self.keyText, 0o604)]
        for (text, mode) in keys {
            let path = try key(platform, text, mode: mode)
            await #expect(throws: PortError.self) { try await platform.backup(secretsKey: path) }
        }
        for path in ["/nowhere", "/etc/passwd/key", "/\(String(repeating: "k", count: 300))", "/etc", "key"] {
            let error = await #expect(throws: PortError.self) { try await platform.backup(secretsKey: path) }
            #expect(error?.code == .notFound, "\(path)")
        }
        _ = try await platform.backup(secretsKey: try key(platform, Self.keyText))
    }
}

extension Platform {
    /// The shop, with a secret KEY of its second release.
    fileprivate func withSecret(_ value: String = "one") async throws {
        try await withShop()
        _ = try await run(try await set("KEY", value))
        _ = try await run(try deploy(secrets: ["KEY"]))
    }

    /// Keeps a value, and gives what asks for it to be set.
    fileprivate func set(_ name: String, _ value: String) async throws -> TussilagoCore.Operation.Request {
        var bytes = Array(value.utf8)
        let credential = UUID()
        try await secrets.keep(Secret(taking: &bytes), as: credential)
        return .setSecret(shop, try SecretName(name), credential: credential)
    }

    /// A credential that is kept.
    fileprivate func credential() async throws -> UUID {
        let stored = await secrets.stored()
        return try #require(stored.keys.first)
    }

    fileprivate func deploy(secrets: [String]) throws -> TussilagoCore.Operation.Request {
        let manifest = Manifest(
            processes: [try Make.process()], drainSeconds: 0, secrets: try secrets.map { try SecretName($0) })
        return .deploy(shop, Deployment(image: try Make.image().reference, manifest: manifest))
    }

    fileprivate func current() async throws -> Release {
        try #require(try await ledger.app(shop)?.current)
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
