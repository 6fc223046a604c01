import FoundationEssentials
import Testing
import TussilagoCore

@testable import SQLiteLedger

@Suite struct QuotaTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    private func app(_ number: Int) -> AppReference {
        AppReference(tenant: acme, app: AppName(unchecked: "a\(number)"))
    }

    /// A release of an app with so many copies of 256 MiB each, and its own hostname.
    private func release(_ number: Int, of app: AppReference, copies: Int = 1) throws -> Release {
        var made = try SQLiteLedgerTests.release(number, of: app, hostnames: ["\(app.app).example.org"])
        var manifest = made.manifest
        manifest.processes[0].count = copies
        made = Release(
            id: made.id, app: app, number: made.number, artefact: made.artefact, manifest: manifest,
            templates: made.templates)
        return made
    }

    @Test func `a quota is written and read as it is, and none is none`() throws {
        let quota = Quota(apps: 5, instances: 0, memory: .mebibytes(512), cpuPercent: 250, disk: Bytes(7), hostnames: 1)
        #expect(Quota(text: quota.text) == quota)
        #expect(Quota(text: "") == Quota())
        for text in ["apps", "apps=", "apps=x", "apps=-1", "apps=1 apps=2", "colour=1", "memory=99999999999999999999"] {
            #expect(Quota(text: text) == nil, "\(text)")
        }
    }

    @Test func `however many ask at once, a tenant gets as many apps as it may have`() async throws {
        for limit in [nil, 3] {
            let ledger = SQLiteLedger(path: "\(file.directory)/apps-\(limit ?? 0).sqlite")
            _ = try await ledger.addTenant(acme, id: UUID(), at: someTime)
            try await ledger.setQuota(Quota(apps: limit), of: acme)
            let accepted = await withTaskGroup(of: Bool.self) { tasks in
                for number in 0..<10 {
                    tasks.addTask {
                        (try? await ledger.accept(operation(.createApp(app(number))), key: nil, waiting: false)) != nil
                    }
                }
                return await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            // Without a quota, all of them.
            #expect(accepted == limit ?? 10)
            let added = await withTaskGroup(of: Bool.self) { tasks in
                for number in 0..<10 {
                    tasks.addTask { (try? await ledger.addApp(app(number), id: UUID(), at: someTime)) != nil }
                }
                return await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(added == limit ?? 10)
        }
    }

    @Test func `however many deploy at once, a tenant gets as much memory as it may have`() async throws {
        for number in 0..<10 { try await ledger.addApps(app(number)) }
        try await ledger.setQuota(Quota(memory: .mebibytes(1024)), of: acme)
        let releases = try (0..<10).map { try release(1, of: app($0)) }
        let ledger = ledger
        let codes = await withTaskGroup(of: PortError.Code?.self) { tasks in
            for release in releases {
                tasks.addTask {
                    do throws(PortError) {
                        try await ledger.addRelease(release, by: UUID(), at: someTime)
                        return nil
                    } catch { return error.code }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 4)
        #expect(codes.filter { $0 == .quotaExceeded }.count == 6)
        #expect(try await ledger.usage(of: acme)[.memory] == Bytes.mebibytes(1024).count)
    }

    @Test func `a refusal says what, how much there is, what it would be and what may be`() async throws {
        try await ledger.addApps(shop)
        try await ledger.setQuota(Quota(instances: 2), of: acme)
        try await ledger.addRelease(try release(1, of: shop, copies: 1), by: UUID(), at: someTime)
        try await ledger.settleRelease(shop, .first, as: .current)
        let error = await expect(.quotaExceeded, "instances") {
            try await ledger.addRelease(try release(2, of: shop, copies: 3), by: UUID(), at: someTime)
        }
        #expect(error?.cause == "tenant acme has 1 and would have 3; its quota is 2")
        let early = await expect(.quotaExceeded, "instances") {
            try await ledger.accept(operation(.scale(shop, [web: 3])), key: nil, waiting: false)
        }
        #expect(early?.cause == error?.cause)
        // What fits is accepted, and its refused sibling left nothing behind.
        #expect(try await ledger.openOperations().isEmpty)
        try await ledger.addRelease(try release(2, of: shop, copies: 2), by: UUID(), at: someTime)
    }

    @Test func `an app counts with what it runs or is about to, whichever is more, and what failed not at all`()
        async throws
    {
        try await ledger.addApps(shop, blog)
        try await ledger.addRelease(try release(1, of: shop, copies: 4), by: UUID(), at: someTime)
        try await ledger.settleRelease(shop, .first, as: .current)
        try await ledger.addRelease(try release(2, of: shop, copies: 1), by: UUID(), at: someTime)
        #expect(try await ledger.usage(of: acme)[.instances] == 4)
        try await ledger.setQuota(Quota(instances: 5), of: acme)
        await expect(.quotaExceeded) {
            try await ledger.addRelease(try release(1, of: blog, copies: 2), by: UUID(), at: someTime)
        }
        try await ledger.settleRelease(shop, try #require(ReleaseNumber(rawValue: 2)), as: .failed)
        #expect(try await ledger.usage(of: acme)[.instances] == 4)
        try await ledger.addRelease(try release(1, of: blog, copies: 1), by: UUID(), at: someTime)
    }

    @Test func `what is above a quota that was lowered stays, and may become less`() async throws {
        try await ledger.addApps(shop)
        try await ledger.addRelease(try release(1, of: shop, copies: 5), by: UUID(), at: someTime)
        try await ledger.settleRelease(shop, .first, as: .current)
        try await ledger.setQuota(Quota(apps: 0, instances: 2), of: acme)
        await expect(.quotaExceeded) {
            try await ledger.addRelease(try release(2, of: shop, copies: 6), by: UUID(), at: someTime)
        }
        try await ledger.addRelease(try release(2, of: shop, copies: 4), by: UUID(), at: someTime)
    }

    @Test func `trees count once each, as long as a release refers to them`() async throws {
        try await ledger.addApps(shop)
        try await ledger.setQuota(Quota(disk: Bytes(100)), of: acme)
        let image = try SQLiteLedgerTests.release(1).artefact.image
        func add(_ number: Int, _ letter: Character, _ size: Int64) async throws {
            let tree = try Digest(String(repeating: letter, count: 64))
            try await ledger.note(size: Bytes(size), of: tree)
            let plain = try SQLiteLedgerTests.release(number)
            try await ledger.addRelease(
                Release(
                    id: plain.id, app: shop, number: plain.number, artefact: .imageWithFiles(image, tree: tree),
                    manifest: plain.manifest, templates: plain.templates), by: UUID(), at: someTime)
            try await ledger.settleRelease(shop, plain.number, as: .current)
        }
        try await add(1, "a", 60)
        try await add(2, "a", 60)
        #expect(try await ledger.usage(of: acme)[.disk] == 60)
        let error = await expect(.quotaExceeded, "disk") { try await add(3, "b", 50) }
        #expect(error?.cause.contains("would have 110; its quota is 100") == true)
        try await add(3, "c", 40)
        #expect(try await ledger.unmeasuredTrees(of: acme).isEmpty)
    }
}
