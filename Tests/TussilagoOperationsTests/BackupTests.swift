import FoundationEssentials
import Glibc
import Testing
import TussilagoCore
import TussilagoTestKit
import UnitFiles

@testable import SQLiteLedger
@testable import TussilagoOperations

/// From one simulated host to another, by a file.
@Suite struct BackupTests {
    @Test("An empty host becomes what the other was: tenants, apps, releases, ids, routes and history")
    func restores() async throws {
        let old = try await Platform()
        try await old.withTwoTenants()
        let book = try await old.book(), history = try await old.ledger.operations(OperationQuery()).items
        let path = try await old.backup()
        let new = try await Platform()
        let restored = try await new.run(.restore(path))
        #expect(restored.state == .succeeded, "\(String(describing: restored.failure))")
        #expect(try await new.book() == book)
        let known = try await new.ledger.operations(OperationQuery()).items
        #expect(known.map(\.id) == [restored.id] + history.map(\.id))
        #expect(try await new.ledger.events(of: history[0].id, after: 0).isEmpty == false)
        let host = await new.host.host, before = await old.host.host
        #expect(host.upstreams == before.upstreams && host.units == before.units && host.routes.owners.count == 1)
        #expect(host.active.filter { Instance(unit: $0) != nil } == before.active.filter { Instance(unit: $0) != nil })
        #expect(try await Survey(new.outside).findings() == [])
        #expect(try await new.run(try new.deploy("three")).release?.rawValue == 3)
        // Nothing is given out again.
        let late = try TenantName("late")
        _ = try await new.run(.createTenant(late))
        #expect(try #require(await new.ledger.tenant(late)).tenant.users.index == 2)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: new.directory).filter { $0.contains("incoming") } == [])
    }

    @Test("A host that has tenants is left as it is")
    func refuses() async throws {
        let old = try await Platform()
        try await old.withShop()
        let book = try await old.book()
        let restored = try await old.run(.restore(try await old.backup()))
        #expect(restored.failure?.code == "conflict")
        #expect(try await old.book() == book)
    }

    @Test("Images that are missing are all named, and nothing is touched")
    func namesImages() async throws {
        let old = try await Platform()
        try await old.withTwoTenants()
        let path = try await old.backup()
        let new = try await Platform()
        await new.host.change { $0.images = [:] }
        let restored = try await new.run(.restore(path))
        #expect(restored.failure?.code == "not-found")
        #expect(restored.failure?.message.contains("localhost/python:3.13 (aaaaaaaaaaaa)") == true)
        #expect(try await new.book() == [])
        #expect(await new.host.host.units.isEmpty)
    }

    @Test("What was open when the backup was made has failed on the new host, and its release with it")
    func endsOpenOperations() async throws {
        let old = try await Platform()
        try await old.withShop()
        await old.host.hold(true)
        let open = try await old.queue.accept(try old.deploy("two"), caller: "root", requestID: UUID(), key: nil)
        while await !old.host.isHeld { try await Task.sleep(for: .milliseconds(1)) }
        let path = try await old.backup()
        await old.host.hold(false)
        _ = try await old.ended(open.id)
        let new = try await Platform()
        #expect(try await new.run(.restore(path)).state == .succeeded)
        let failed = try #require(await new.ledger.operation(open.id))
        #expect(failed.state == .failed && failed.failure?.remedy != nil && failed.endedAt != nil)
        let states = try await new.ledger.releases(of: new.shop, PageQuery()).items.map(\.state)
        #expect(states == [.failed, .current])
    }

    @Test("An agent that dies in the midst of a restore leaves it to the next one", arguments: 1...20)
    func goesOn(_ call: Int) async throws {
        let old = try await Platform()
        try await old.withTwoTenants()
        let book = try await old.book(), path = try await old.backup()
        let new = try await Platform()
        await new.host.inject([.init(at: call, code: .unavailable, lasts: true)])
        let accepted = try await new.queue.accept(.restore(path), caller: "root", requestID: UUID(), key: nil)
        await new.queue.drain()
        guard try await new.ledger.operation(accepted.id)?.state != .succeeded else { return }
        await new.host.inject([])
        // It has failed by its last attempt; what a killed agent leaves is the same, but for the state.
        let id = accepted.id.uuidString.lowercased()
        try Connection(path: new.path).script(
            "UPDATE operation SET state = 'running', ended_at = NULL, failure = NULL WHERE id = '\(id)'")
        let next = new.anotherQueue()
        try await next.resume()
        #expect(try await new.ended(accepted.id).state == .succeeded)
        #expect(try await new.book() == book)
    }

    @Test(
        "A restore that fails for good amid its apps is ended by the next reconcile: all of them run",
        arguments: [true, false])
    func isEndedByReconcile(isRefused: Bool) async throws {
        let old = try await Platform()
        try await old.withShop()
        let path = try await old.backup()
        var open = 0
        for at in 1...20 {
            let new = try await Platform()
            await new.host.inject([.init(at: at, code: isRefused ? .refused : .unexpected, lasts: true)])
            let restored = try await new.run(.restore(path))
            await new.host.inject([])
            guard try await new.ledger.app(old.shop) != nil else { continue }
            open += restored.state == .failed ? 1 : 0
            #expect(try await new.run(.reconcile).state == .succeeded, "call \(at)")
            let upstream = try #require(await new.host.host.upstreams[old.shop]?[1], "call \(at)")
            #expect(await new.host.host.active.contains(upstream.unit), "call \(at)")
            #expect(try await Survey(new.outside).findings() == [], "call \(at)")
        }
        #expect(open > 5)
    }

    @Test("Every byte of a backup counts: one that is flipped, cut or appended to is refused whole")
    func refusesDamage() async throws {
        let old = try await Platform()
        try await old.withShop()
        let path = try await old.backup()
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let archives = FileArchives(root: old.directory)
        _ = try await archives.verify(path)
        var random = SeededRandom(seed: 7)
        var damaged: [(String, [UInt8])] = [("empty", [])]
        damaged.append(("appended", bytes + [0]))
        damaged.append(("a block appended", bytes + [UInt8](repeating: 0, count: 512)))
        damaged.append(("cut by one", Array(bytes.dropLast())))
        damaged.append(("half", Array(bytes.prefix(bytes.count / 2))))
        for _ in 0..<200 {
            let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
            var flipped = bytes
            let mask: UInt8 = 1 << UInt8(bit % 8)
            flipped[bit / 8] ^= mask
            damaged.append(("bit \(bit)", flipped))
        }
        for offset in [0, 100, 124, 148, 156, 257, 500] {
            var flipped = bytes
            flipped[bytes.count - 2560 + offset] ^= 1
            damaged.append(("end, \(offset)", flipped))
        }
        for (what, content) in damaged {
            try Data(content).write(to: URL(filePath: "\(old.directory)/damaged.tar"))
            let error = await #expect(throws: PortError.self, "\(what)") {
                try await archives.verify("\(old.directory)/damaged.tar")
            }
            #expect(error?.code == .damaged || error?.code == .refused, "\(what): \(String(describing: error))")
        }
    }

    @Test("While a backup is made no collection begins, and no second backup")
    func holdsTrees() async throws {
        let platform = try await Platform()
        try await platform.withShop()
        try await platform.queue.holdTrees()
        await #expect(throws: PortError.self) { try await platform.backup() }
        let collection = try await platform.queue.accept(.collect, caller: "root", requestID: UUID(), key: nil)
        try await Task.sleep(for: .milliseconds(50))
        #expect(try await platform.ledger.operation(collection.id)?.state == .accepted)
        await platform.queue.letTreesGo()
        #expect(try await platform.ended(collection.id).state == .succeeded)
    }
}

extension Platform {
    /// Writes a backup to a file, and says where.
    func backup(secretsKey: String? = nil) async throws -> String {
        let archive = try await HostBackup(outside, queue: queue).archive(version: "1.2.3", secretsKey: secretsKey)
        var bytes: [UInt8] = []
        while let piece = try await archive.next() { bytes += piece }
        #expect(bytes.count == archive.size)
        let path = "\(directory)/backup.tar"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }
}
