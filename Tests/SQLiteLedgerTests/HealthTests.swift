import FoundationEssentials
import Glibc
import Testing
import TussilagoCore

@testable import SQLiteLedger

@Suite struct HealthTests {
    let file: LedgerFile
    var seal: String { "\(file.directory)/seal" }

    init() throws { file = try LedgerFile() }

    private func agent() -> SQLiteLedger { SQLiteLedger(path: file.path, seal: seal) }

    private func sealed() async throws {
        let ledger = agent()
        #expect(try await ledger.condition() == .missing)
        try await ledger.addApps(shop)
        try await ledger.deploy(release(1))
        await ledger.close()
        #expect(access(seal, F_OK) == 0)
    }

    private func spoil(_ sql: String) throws { try Connection(path: file.path).script(sql) }

    private func reason() async throws -> String? {
        guard case .damaged(let reason) = try await agent().condition() else { return nil }
        return reason
    }

    @Test func `a file that was closed and not written to since is taken as it is`() async throws {
        try await sealed()
        let ledger = agent()
        #expect(try await ledger.condition() == .sound)
        // It was not even opened: the seal is still there. Once it is open there is none, whatever happens.
        #expect(access(seal, F_OK) == 0)
        #expect(try await ledger.counts().apps == 1)
        #expect(access(seal, F_OK) != 0)
    }

    @Test func `a file that somebody wrote to is looked through`() async throws {
        try await sealed()
        try spoil("UPDATE counter SET next = 5")
        #expect(try await agent().condition() == .sound)
        try spoil("PRAGMA foreign_keys = OFF; DELETE FROM app")
        #expect(try await reason()?.contains("refers to nothing") == true)
        // The note stays until the ledger is written anew.
        #expect(try await reason()?.contains("refers to nothing") == true)
    }

    @Test(
        arguments: [
            "DROP INDEX operation_open", "ALTER TABLE app ADD COLUMN colour TEXT", "DROP TABLE milestone",
            "PRAGMA user_version = 0", "PRAGMA user_version = 1",
        ])
    func `tables that are not those of a ledger are damage`(_ sql: String) async throws {
        try await sealed()
        try spoil(sql)
        #expect(try await reason() != nil)
    }

    @Test func `a header that only a newer program may write under is damage`() async throws {
        try await sealed()
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: file.path)))
        #expect(bytes[18] == 2)
        bytes[18] = 3
        try Data(bytes).write(to: URL(filePath: file.path))
        #expect(try await reason()?.contains("header") == true)
    }

    @Test func `a newer file is refused and neither damaged nor moved`() async throws {
        try await sealed()
        try spoil("PRAGMA user_version = 99; UPDATE format SET oldest = 98")
        await expect(.refused) { try await agent().condition() }
        #expect(access("\(file.path).damage", F_OK) != 0)
    }

    @Test func `damage that a read finds is noted for the next agent and told at once`() async throws {
        try await sealed()
        try spoil("UPDATE release SET content = '{}'")
        let (stream, told) = AsyncStream.makeStream(of: PortError.self)
        let ledger = SQLiteLedger(path: file.path, seal: seal) { told.yield($0) }
        #expect(try await ledger.condition() == .sound)
        await expect(.damaged) { try await ledger.app(shop) }
        for await error in stream {
            #expect(error.code == .damaged)
            break
        }
        await expect(.damaged) { try await ledger.counts() }
        await ledger.close()
        #expect(access(seal, F_OK) != 0)
        #expect(try await reason()?.contains("content") == true)
    }

    @Test func `all of it is looked through once a day and when the clock went back`() async throws {
        try await sealed()
        let ledger = agent()
        try await ledger.verify(ifDueAt: someTime)
        try spoil("PRAGMA foreign_keys = OFF; INSERT INTO template VALUES ('no', 'such', 'app', 1, '')")
        try await ledger.verify(ifDueAt: someTime + 86_399)
        await expect(.damaged) { try await agent().verify(ifDueAt: someTime - 1) }
        #expect(unlink("\(file.path).damage") == 0)
        await expect(.damaged) { try await ledger.verify(ifDueAt: someTime + 86_400) }
    }

    @Test func `a file of which nobody knows when it was looked through is looked through`() async throws {
        try await sealed()
        try spoil("PRAGMA foreign_keys = OFF; DELETE FROM app")
        await expect(.damaged) { try await agent().verify(ifDueAt: someTime) }
    }

    @Test func `a record that says the same in other words is no difference and another one is`() async throws {
        try await sealed()
        let ledger = agent()
        let known = try #require(try await ledger.release(shop, .first)).release
        let tenant = try #require(try await ledger.tenant(acme)).tenant
        let app = try #require(try await ledger.app(shop)).app
        func found(_ text: String) throws -> HostRecords {
            let units = try app.unitFiles(tenant: tenant, bridged: false).map {
                try #require(UnitRecord($0.text, modified: someTime))
            }
            let record = HostRecords.StoredRelease(.first, text: text, modified: someTime)
            return HostRecords([
                ScopeFiles(scope: .app(shop), installed: InstalledState(), units: units, releases: [record])
            ])
        }
        let text = try known.text()
        #expect(try await ledger.compare(try found(text), repairing: true).isEmpty)
        #expect(try await ledger.compare(try found(text.replacing("{\"", with: "{ \"")), repairing: true).isEmpty)
        // What cannot be read says nothing.
        #expect(try await ledger.compare(try found(String(text.dropLast())), repairing: true).isEmpty)
        let other = text.replacing("hello", with: "goodbye")
        #expect(
            try await ledger.compare(try found(other), repairing: true).map(\.what)
                == ["the ledger had release 1 otherwise"])
        #expect(try await ledger.release(shop, .first)?.release.text() == other)
        // The texts of its units are rows of their own.
        try await ledger.spoilTemplate()
        #expect(try await ledger.compare(try found(other), repairing: false).count == 1)
    }

    @Test func `a transaction that is not to be kept leaves nothing`() async throws {
        try await sealed()
        let ledger = agent()
        let records = HostRecords(units: [], remains: [:])
        #expect(try await ledger.compare(records, repairing: false).isEmpty)
        let other = Tenant(id: UUID(), name: globex, users: try #require(UserRange(index: 9)))
        let unit = try #require(UnitRecord(other.unitFiles[0].text, modified: someTime))
        let found = HostRecords(units: [unit], remains: [:])
        #expect(try await ledger.compare(found, repairing: false).map(\.what) == ["the ledger did not have it"])
        #expect(try await ledger.tenant(globex) == nil)
        #expect(try await ledger.compare(found, repairing: true).count == 1)
        #expect(try await ledger.tenant(globex)?.tenant == other)
        #expect(try await ledger.compare(found, repairing: true).isEmpty)
        // The range counts as given out.
        let next = try await ledger.addTenant(TenantName(unchecked: "initech"), id: UUID(), at: someTime)
        #expect(next.users.index == 10)
    }
}

extension SQLiteLedger {
    fileprivate func spoilTemplate() throws(PortError) {
        try open().run("UPDATE template SET content = 'other'")
    }
}
