import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore

@Suite struct HostnameTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() async throws {
        file = try LedgerFile()
        ledger = file.open()
        try await ledger.addApps(shop, blog)
    }

    private func routes() async throws -> [String: AppReference] {
        Dictionary(
            try await ledger.routes().owners.map { ($0.hostname, $0.app) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func `only current releases have routes`() async throws {
        try await ledger.addRelease(release(1, hostnames: ["a.example", "b.example"]), by: UUID(), at: someTime)
        #expect(try await routes().isEmpty)
        try await ledger.settleRelease(shop, .first, as: .current)
        #expect(try await routes() == ["a.example": shop, "b.example": shop])
        try await ledger.addRelease(release(2, hostnames: ["b.example", "c.example"]), by: UUID(), at: someTime)
        #expect(try await routes() == ["a.example": shop, "b.example": shop])
        try await ledger.deploy(release(1, of: blog, hostnames: ["d.example"]))
        #expect(try await routes()["d.example"] == blog)
    }

    @Test func `a hostname of another app is a conflict that names it and not its owner`() async throws {
        try await ledger.addRelease(release(1, hostnames: ["a.example"]), by: UUID(), at: someTime)
        let error = await expect(.conflict, "a.example") {
            try await ledger.addRelease(
                release(1, of: blog, hostnames: ["0.example", "a.example"]), by: UUID(), at: someTime)
        }
        #expect(error?.description.contains("shop") == false)
        // Nothing of what was refused is left: neither the release nor the hostname that was free.
        #expect(try await ledger.history(of: blog) == ReleaseHistory())
        try await ledger.addRelease(release(2, hostnames: ["0.example"]), by: UUID(), at: someTime)
    }

    @Test func `a current release frees what only its predecessor had`() async throws {
        try await ledger.deploy(release(1, hostnames: ["a.example", "b.example"]))
        try await ledger.deploy(release(2, hostnames: ["b.example", "c.example"]))
        #expect(try await routes() == ["b.example": shop, "c.example": shop])
        await expect(.conflict, "b.example") {
            try await ledger.addRelease(release(1, of: blog, hostnames: ["b.example"]), by: UUID(), at: someTime)
        }
        try await ledger.deploy(release(1, of: blog, hostnames: ["a.example"]))
        #expect(try await routes()["a.example"] == blog)
    }

    @Test func `a failed release frees its own hostnames and none that is in use`() async throws {
        try await ledger.deploy(release(1, hostnames: ["a.example"]))
        let two = try release(2, hostnames: ["a.example", "b.example"])
        try await ledger.addRelease(two, by: UUID(), at: someTime)
        try await ledger.settleRelease(shop, two.number, as: .failed)
        #expect(try await routes() == ["a.example": shop])
        await expect(.conflict, "a.example") {
            try await ledger.addRelease(release(1, of: blog, hostnames: ["a.example"]), by: UUID(), at: someTime)
        }
        try await ledger.deploy(release(1, of: blog, hostnames: ["b.example"]))
    }

    @Test func `an app that is removed frees its hostnames`() async throws {
        try await ledger.deploy(release(1, hostnames: ["a.example"]))
        try await ledger.addRelease(release(2, hostnames: ["b.example"]), by: UUID(), at: someTime)
        try await ledger.removeApp(shop)
        #expect(try await routes().isEmpty)
        try await ledger.deploy(release(1, of: blog, hostnames: ["a.example", "b.example"]))
        #expect(try await routes() == ["a.example": blog, "b.example": blog])
    }

    @Test func `of two apps that claim one hostname at once one gets it`() async throws {
        let results = await withTaskGroup(of: Bool.self) { group in
            for app in [shop, blog] {
                group.addTask { [ledger] in
                    do {
                        try await ledger.deploy(release(1, of: app, hostnames: ["a.example"]))
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.sorted { !$0 && $1 } == [false, true])
        #expect(try await routes().count == 1)
    }
}
