import FoundationEssentials
import Glibc
import Logging
import SQLiteLedger
import Testing
import TussilagoCore
import TussilagoOperations
import TussilagoTestKit

/// What becomes of a host whose ledger is lost or damaged: the units' own records say who is who.
@Suite struct LostLedgerTests {
    @Test(
        "A ledger that is gone, cut or noise is written anew, and nothing is left to do",
        arguments: ["gone", "empty", "cut", "noise", "noise in its midst"])
    func recovers(_ how: String) async throws {
        let platform = try await Platform()
        try await platform.withTwoTenants()
        let before = try await platform.book()
        await platform.ledger.close()
        try platform.spoil { bytes in
            switch how {
            case "gone": return nil
            case "empty": return []
            case "cut": return Array(bytes.prefix(bytes.count / 2 + 100))
            case "noise": return bytes.map { $0 &* 31 &+ 7 }
            default:
                let from = bytes.count / 2
                return bytes[..<from] + Array(repeating: 0xA5, count: 8192) + bytes[(from + 8192)...]
            }
        }
        let host = await platform.host.host
        let next = try await platform.next()
        let recovery = try #require(await next.ensure())
        #expect(recovery.tenants == 2 && recovery.apps == 3)
        #expect(try await next.book() == before)
        #expect(try await next.ledger.lastRebuild()?.reason == recovery.reason)
        // No app is touched, and a look at the host finds nothing.
        #expect(await next.host.host.units == host.units)
        #expect(try await Survey(next.outside).findings() == [])
        #expect(try await next.ensure() == nil)
        // All goes on where it was.
        let deployed = try await next.run(try next.deploy("three"))
        #expect(deployed.release?.rawValue == 3)
    }

    @Test("What was given to a tenant that is gone is given to no other by a ledger that was written anew")
    func keepsCounters() async throws {
        let platform = try await Platform()
        try await platform.withTwoTenants()
        let gone = try TenantName("gone")
        _ = try await platform.run(.createTenant(gone))
        let users = try #require(await platform.ledger.tenant(gone)).tenant.users
        _ = try await platform.run(.deleteTenant(gone))
        await platform.ledger.close()
        try platform.spoil { _ in nil }
        let next = try await platform.next()
        _ = try await next.ensure()
        _ = try await next.run(.createTenant(gone))
        #expect(try #require(await next.ledger.tenant(gone)).tenant.users.index == users.index + 1)
    }

    @Test("A host that has nothing yet gets a new ledger without a word")
    func isNew() async throws {
        let platform = try await Platform()
        #expect(try await platform.ensure() == nil)
        #expect(try await platform.ledger.lastRebuild() == nil)
    }

    @Test("A damaged file is kept beside the new one, and of many the newest three")
    func keepsDamaged() async throws {
        let platform = try await Platform()
        try await platform.withTwoTenants()
        await platform.ledger.close()
        for day in 0..<5 {
            try platform.spoil { $0.map { ~$0 } }
            _ = try await platform.next(at: Date(timeIntervalSince1970: 1_800_000_000 + Double(day) * 86_400)).ensure()
        }
        let kept = try FileManager.default.contentsOfDirectory(atPath: platform.directory)
            .filter { $0.contains("damaged-") }.sorted()
        #expect(
            kept.map { $0.dropFirst("ledger.sqlite.damaged-".count).prefix(8) } == ["20270117", "20270118", "20270119"])
    }

    @Test("A file that goes away under the agent is noticed by the next call, and the next agent writes it anew")
    func isRemovedUnderway() async throws {
        let platform = try await Platform()
        try await platform.withTwoTenants()
        let before = try await platform.book()
        try platform.spoil { _ in nil }
        await #expect(throws: PortError.self) { _ = try await platform.ledger.app(platform.shop) }
        #expect(await platform.ledger.isDamaged)
        let next = try await platform.next()
        #expect(try await next.ensure()?.reason == "the file was removed or replaced")
        #expect(try await next.book() == before)
    }

    @Test("An older copy of the ledger takes what the files have since, and what serves goes on serving")
    func olderCopy() async throws {
        let platform = try await Platform()
        try await platform.withTwoTenants()
        await platform.ledger.close()
        let old = try platform.bytes()
        let late = try AppReference("globex/late")
        _ = try await platform.run(.createApp(late))
        _ = try await platform.run(try platform.deploy("three"))
        let before = try await platform.book()
        await platform.ledger.close()
        try platform.spoil { _ in old }
        let next = try await platform.next()
        _ = try await next.ensure()
        #expect(try await Survey(next.outside).findings().isEmpty == false)
        #expect(try await next.run(.reconcile).state == .succeeded)
        #expect(try await next.book() == before)
        #expect(await next.host.host.outages == [])
        #expect(try await Survey(next.outside).findings() == [])
    }

    @Test("One bit that is flipped anywhere is found or does no harm", arguments: [1, 2, 3, 4])
    func flippedBits(_ part: Int) async throws {
        let platform = try await Platform()
        try await platform.withTwoTenants()
        let before = try await platform.book()
        await platform.ledger.close()
        let bytes = try platform.bytes()
        var random = SeededRandom(seed: UInt64(part))
        for _ in 0..<250 {
            let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
            try platform.spoil { _ in
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                return flipped
            }
            let after = try await afterReconcile(platform)
            #expect(after == before, "part \(part), bit \(bit): \(Set(after).symmetricDifference(before).sorted())")
        }
    }

    /// What the ledger says once agents have come and gone until one has reconciled the host.
    private func afterReconcile(_ platform: Platform) async throws -> [String] {
        for _ in 0..<3 {
            let next = try await platform.next()
            do {
                _ = try await next.ensure()
                _ = try await next.ledger.operations(OperationQuery(page: PageQuery(limit: 100)))
                guard try await next.run(.reconcile).state == .succeeded else { continue }
                let book = try await next.book()
                await next.ledger.close()
                return book
            } catch let error as PortError where error.code == .damaged {
                await next.queue.drain()
                await next.ledger.close()
            }
        }
        return ["no agent came to an end"]
    }
}

extension Platform {
    /// acme with shop, which runs its second release, and a worker that takes no requests; globex with nothing to run.
    func withTwoTenants() async throws {
        try await withShop()
        _ = try await run(try deploy("two"))
        let worker = try AppReference("acme/worker"), idle = try AppReference("globex/idle")
        _ = try await run(.createTenant(idle.tenant))
        _ = try await run(.createApp(worker))
        _ = try await run(.createApp(idle))
        let manifest = Manifest(processes: [try Make.process("job", ingress: nil)], drainSeconds: 0)
        for _ in 0..<2 {
            _ = try await run(.deploy(worker, Deployment(image: try Make.image().reference, manifest: manifest)))
        }
    }

    /// All that must be the same again, in words.
    func book() async throws -> [String] {
        var lines: [String] = []
        for record in try await ledger.tenants(PageQuery(limit: 100)).items {
            lines.append("\(record.tenant)")
        }
        for record in try await ledger.apps(of: nil, PageQuery(limit: 100)).items {
            lines.append("\(record.app) current \(record.current?.number.description ?? "none")")
            let history = try await ledger.history(of: record.app.reference)
            lines.append("last \(history.last?.description ?? "none") generations \(history.generations)")
            lines += history.templates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            for release in try await ledger.releases(of: record.app.reference, PageQuery(limit: 100)).items {
                lines.append("\(release.state) \(release.release.description)")
            }
        }
        return lines + (try await ledger.routes().owners.map { "\($0.hostname) \($0.app)" })
    }

    func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// Writes other bytes in place of the ledger's, or removes it.
    func spoil(_ change: ([UInt8]) -> [UInt8]?) throws {
        let bytes = (try? self.bytes()) ?? []
        guard let changed = change(bytes) else { return #expect(unlink(path) == 0) }
        for suffix in ["-wal", "-shm", ".damage"] { unlink(path + suffix) }
        try Data(changed).write(to: URL(filePath: path))
    }
}

extension Release {
    fileprivate var description: String {
        "\(id) \(number) \(artefact) \(manifest) \(templates.sorted { $0.key < $1.key }) \(origin.debugDescription)"
    }
}
