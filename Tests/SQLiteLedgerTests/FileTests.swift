import FoundationEssentials
import Glibc
import Testing
import TussilagoCore

@testable import SQLiteLedger

@Suite struct FileTests {
    let file: LedgerFile

    init() throws { file = try LedgerFile() }

    private func mode(_ suffix: String = "") -> mode_t? {
        var status = stat()
        return stat(file.path + suffix, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    private func content() throws -> Data { try Data(contentsOf: URL(filePath: file.path)) }

    @Test func `the file is made by the first call and only its owner may read it`() async throws {
        let ledger = file.open()
        #expect(mode() == nil)
        try await ledger.addApps(shop)
        #expect(mode() == 0o600)
        #expect(mode("-wal") == 0o600)
        #expect(mode("-shm") == 0o600)
    }

    @Test func `a file that others may read is taken from them`() async throws {
        try await file.open().addApps(shop)
        #expect(chmod(file.path, 0o644) == 0)
        #expect(try await file.open().counts().apps == 1)
        #expect(mode() == 0o600)
    }

    @Test func `what was written is there after a close and for the next program`() async throws {
        let ledger = file.open()
        try await ledger.addApps(shop)
        try await ledger.deploy(release(1))
        let accepted = try await ledger.accept(operation(try deployment()), key: "k", waiting: false)
        await ledger.close()
        #expect(mode("-wal") == nil)
        #expect(try await ledger.app(shop)?.current?.number == .first)
        await ledger.close()
        let next = file.open()
        #expect(try await next.accept(operation(try deployment()), key: "k", waiting: false) == accepted)
        #expect(try await next.routes()[shop]?.hostnames == ["shop.example.org"])
    }

    @Test func `each commit reaches the disk and foreign keys count`() async throws {
        try await file.open().addApps(shop)
        let connection = try Connection(path: file.path)
        try Schema.prepare(connection)
        func pragma(_ name: String) throws -> Int? {
            try connection.row("PRAGMA \(name)") { (row) throws(PortError) in try row.integer(0) }
        }
        #expect(try pragma("synchronous") == 2)
        #expect(try pragma("foreign_keys") == 1)
        #expect(try pragma("trusted_schema") == 0)
        #expect(try pragma("user_version") == Schema.migrations.count)
        let mode = try connection.row("PRAGMA journal_mode") { (row) throws(PortError) in try row.text(0) }
        #expect(mode == "wal")
    }

    @Test func `a file of a newer version is refused and left as it is`() async throws {
        try await file.open().addApps(shop)
        try Connection(path: file.path).script(
            "PRAGMA journal_mode = DELETE; PRAGMA user_version = 99; UPDATE format SET oldest = 98")
        let before = try content()
        let error = await expect(.refused, "ledger") { try await file.open().counts() }
        #expect(error?.cause.contains("newer version (format 99") == true)
        #expect(try content() == before)
    }

    @Test func `a file of a newer version is used as it is if that says that it may be`() async throws {
        try await file.open().addApps(shop)
        try Connection(path: file.path).script("PRAGMA user_version = 99; ALTER TABLE app ADD COLUMN colour TEXT")
        #expect(try await file.open().counts().apps == 1)
        try await file.open().addApps(blog)
        let version = try Connection(path: file.path).row("PRAGMA user_version") { (row) throws(PortError) in
            try row.integer(0)
        }
        #expect(version == 99)
    }

    @Test func `a file of an older version keeps everything and a copy of what it was`() async throws {
        let old = try Connection(path: file.path)
        try old.script(Schema.migrations[0] + "PRAGMA user_version = 1;")
        try old.script(
            """
            INSERT INTO tenant VALUES ('acme', '00000001-0000-4000-8000-000000000000', 0, 1);
            INSERT INTO app (tenant, name, id, network, created_at)
                VALUES ('acme', 'shop', '00000004-0000-4000-8000-000000000000', 0, 1);
            INSERT INTO hostname VALUES ('shop.example.org', 'acme', 'shop');
            INSERT INTO operation (id, tenant, app, state, caller, request_id, accepted_at, attempt, request)
                VALUES ('00000002-0000-4000-8000-000000000000', 'acme', 'shop', 'running', 'root', '00000003-0000-4000-8000-000000000000', 1, 1,
                    '{"start":{"_0":{"tenant":"acme","app":"shop"}}}');
            INSERT INTO event VALUES (1, 1, 1, 'started', NULL, NULL, 'start acme/shop');
            """)
        let ledger = file.open()
        let open = try await ledger.openOperations()
        #expect(open.count == 1)
        let first = try #require(open.first)
        #expect(first.request == .start(shop))
        let events = try await ledger.events(of: first.id, after: 0)
        #expect(events.count == 1)
        // What was in use goes on: an admin had deployed it.
        #expect(try await ledger.tenant(acme)?.egress == EgressGrant.none)
        let domains = try await ledger.domains(of: acme)
        #expect(domains.map(\.hostname.text) == ["shop.example.org"])
        #expect(domains.first?.voucher == "upgrade")
        let copied = try Connection(path: "\(file.path).1").row("PRAGMA user_version") { (row) throws(PortError) in
            try row.integer(0)
        }
        #expect(copied == 1)
        unlink("\(file.path).1")
    }

    @Test func `a file that is no database is called damaged and left as it is`() async throws {
        let noise = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) })
        try noise.write(to: URL(filePath: file.path))
        let ledger = file.open()
        for _ in 0..<2 {
            let error = await expect(.damaged, "ledger") { try await ledger.openOperations() }
            #expect(error?.cause == "the ledger is damaged")
        }
        #expect(try content() == noise)
    }

    @Test func `a page that was overwritten is called damaged`() async throws {
        let ledger = file.open()
        try await ledger.addApps(shop)
        await ledger.close()
        var bytes = try content()
        for index in 4096..<bytes.count { bytes[index] = 0xA5 }
        try bytes.write(to: URL(filePath: file.path))
        let error = await expect(.damaged, "ledger") { try await ledger.app(shop) }
        #expect(error?.cause == "the ledger is damaged")
    }

    @Test func `a row that this program never wrote is called damaged`() async throws {
        let ledger = file.open()
        try await ledger.addApps(shop)
        await ledger.close()
        try Connection(path: file.path).script("UPDATE app SET id = 'x'; UPDATE tenant SET users = 5000")
        for call in [{ _ = try await ledger.app(shop) }, { _ = try await ledger.tenant(acme) }] {
            let error = await expect(.damaged, "ledger") { try await call() }
            #expect(error?.cause == "the ledger is damaged")
        }
    }

    @Test func `another program that holds the file makes the ledger unavailable for the moment`() async throws {
        let ledger = file.open()
        try await ledger.addApps(shop)
        let other = try Connection(path: file.path)
        try other.script("BEGIN IMMEDIATE")
        let error = await expect(.unavailable) { try await ledger.addApp(blog, id: UUID(), at: someTime) }
        #expect(error?.isTransient == true)
        #expect(try await ledger.app(shop) != nil)
        try other.script("ROLLBACK")
        try await ledger.addApps(blog)
    }

    @Test func `a directory that is not there makes the ledger unavailable and tells no path`() async throws {
        let ledger = SQLiteLedger(path: "\(file.directory)/missing/ledger.sqlite")
        let error = await expect(.unavailable, "ledger") { try await ledger.counts() }
        #expect(error?.cause.contains("/") == false)
    }

    @Test func `a transaction that failed leaves the connection usable`() throws {
        let connection = try Connection(path: file.path)
        try Schema.prepare(connection)
        let failure = PortError(.refused, "test", cause: "on purpose")
        #expect(throws: failure) {
            try connection.transaction { () throws(PortError) in
                try connection.run("UPDATE counter SET next = 7")
                throw failure
            }
        }
        #expect(try connection.nextIndex("users", of: 10) == 0)
    }

    @Test func `results of SQLite become the errors that callers decide by`() {
        let codes: [Int32: PortError.Code] = [
            5: .unavailable, 6: .unavailable, 8: .unavailable, 10: .unavailable, 522: .damaged, 266: .unavailable,
            11: .damaged,
            13: .noSpace, 14: .unavailable, 19: .conflict, 2067: .conflict, 26: .damaged, 1: .unexpected,
        ]
        for (code, expected) in codes { #expect(PortError(sqlite: code, "").code == expected, "\(code)") }
    }
}
