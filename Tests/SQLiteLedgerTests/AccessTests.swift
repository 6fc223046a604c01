import FoundationEssentials
import Testing
import TussilagoCore

@testable import SQLiteLedger

/// An entry of the audit, where a test needs one.
func auditEntry(_ verb: String = "test.run", tenant: TenantName? = nil, detail: String = "") -> AuditEntry {
    AuditEntry(
        at: someTime, caller: "alice", verb: verb, subject: tenant?.rawValue ?? "the host", tenant: tenant?.rawValue,
        outcome: .done, requestID: UUID(), detail: detail)
}

@Suite struct AccessTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() throws {
        file = try LedgerFile()
        ledger = file.open()
    }

    private func grant(_ role: Role, _ who: String, in realm: Realm) throws -> Grant {
        Grant(realm: realm, grantee: try Grantee(who), number: 1_000, role: role, by: "root", at: someTime)
    }

    private func token(_ name: String, in realm: Realm, expires: Date = someTime + 60) -> Token {
        Token(
            id: UUID(), name: TokenName(unchecked: name), realm: realm, role: .viewer, by: "root", at: someTime,
            expiresAt: expires)
    }

    private func digest(_ letter: Character) throws -> Digest { try Digest(String(repeating: letter, count: 64)) }

    @Test func `a role is one for each account and place, and survives the program`() async throws {
        try await ledger.addApps(shop)
        for realm in [Realm.host, .tenant(acme)] {
            try await ledger.add(try grant(.viewer, "user:alice", in: realm), auditEntry())
            try await ledger.add(try grant(.admin, "user:alice", in: realm), auditEntry())
            try await ledger.add(try grant(.operator, "group:ops", in: realm), auditEntry())
        }
        await ledger.close()
        let next = file.open()
        #expect(try await next.grants(in: .tenant(acme)).map(\.role) == [.operator, .admin])
        #expect(try await next.access().grants.count == 4)
        let removed = try await next.removeGrant(of: try Grantee("user:alice"), in: .host, auditEntry())
        #expect(removed == (try grant(.admin, "user:alice", in: .host)))
        await expect(.notFound, "grant") {
            try await next.removeGrant(of: try Grantee("user:alice"), in: .host, auditEntry())
        }
        #expect(try await next.grants(in: .host).count == 1)
    }

    @Test func `a tenant that is made anew under the same name has no grant, token or quota of the old one`()
        async throws
    {
        _ = try await ledger.addTenant(acme, id: UUID(), at: someTime)
        try await ledger.add(try grant(.admin, "user:alice", in: .tenant(acme)), auditEntry())
        try await ledger.add(token("ci", in: .tenant(acme)), digest: try digest("a"), auditEntry())
        try await ledger.setQuota(Quota(apps: 3), of: acme)
        let before = ledger.accessVersion.value
        try await ledger.removeTenant(acme)
        #expect(ledger.accessVersion.value != before)
        _ = try await ledger.addTenant(acme, id: UUID(), at: someTime)
        #expect(try await ledger.access() == AccessRecords())
        #expect(try await ledger.tenant(acme)?.tenant.quota.isEmpty == true)
    }

    @Test func `a token has one name in its place, counts as written, and makes room when it has expired`() async throws
    {
        try await ledger.addApps(shop)
        let ci = token("ci", in: .tenant(acme))
        try await ledger.add(ci, digest: try digest("a"), auditEntry())
        try await ledger.add(token("ci", in: .host), digest: try digest("b"), auditEntry())
        #expect(try await ledger.access().tokens[try digest("a")] == ci)
        await expect(.conflict, "name") {
            try await ledger.add(token("ci", in: .tenant(acme)), digest: try digest("c"), auditEntry())
        }
        try await ledger.add(
            token("old", in: .host, expires: someTime - 1), digest: try digest("d"), auditEntry())
        try await ledger.add(token("new", in: .host), digest: try digest("e"), auditEntry())
        #expect(try await ledger.tokens(in: .host).map(\.name.rawValue) == ["ci", "new"])
        #expect(try await ledger.removeToken(ci.name, in: .tenant(acme), auditEntry()) == ci)
        #expect(try await ledger.access().tokens[try digest("a")] == nil)
    }

    @Test func `each change of rights is recorded with it, and changes the number that caches compare`() async throws {
        var numbers = [ledger.accessVersion.value]
        try await ledger.add(try grant(.viewer, "user:alice", in: .host), auditEntry("grant.create"))
        numbers.append(ledger.accessVersion.value)
        try await ledger.add(token("ci", in: .host), digest: try digest("a"), auditEntry("token.create"))
        numbers.append(ledger.accessVersion.value)
        _ = try await ledger.removeToken(TokenName(unchecked: "ci"), in: .host, auditEntry("token.delete"))
        numbers.append(ledger.accessVersion.value)
        #expect(Set(numbers).count == 4)
        await expect(.notFound, "tenant") {
            try await ledger.add(try grant(.viewer, "user:alice", in: .tenant(globex)), auditEntry("grant.create"))
        }
        let verbs = try await ledger.auditRecords(PageQuery()).items.map(\.entry.verb)
        #expect(verbs == ["grant.create", "token.create", "token.delete"])
    }

    @Test func `there are so many grants in a place and no more`() async throws {
        for number in 0..<200 { try await ledger.add(try grant(.viewer, "user:u\(number)", in: .host), auditEntry()) }
        await expect(.refused, "limit") {
            try await ledger.add(try grant(.viewer, "user:more", in: .host), auditEntry())
        }
        // One that is there may change.
        try await ledger.add(try grant(.admin, "user:u7", in: .host), auditEntry())
    }

    // MARK: Whose things are seen

    @Test func `who sees some tenants gets their things and nobody else's, page by page`() async throws {
        let umbra = TenantName(unchecked: "umbra")
        let others = try (0..<7).map { try AppReference("globex/a\($0)") } + [try AppReference("umbra/shop")]
        for app in [shop, blog] + others { try await ledger.addApps(app) }
        var operations: [TussilagoCore.Operation] = []
        for app in [shop] + others + [blog] {
            operations.append(try await ledger.accept(operation(.start(app)), key: nil, waiting: false))
        }
        _ = try await ledger.accept(operation(.reconcile), key: nil, waiting: false)
        let mine: Set = [acme, umbra]
        let apps = try await everything(limit: 1) { page in
            try await ledger.apps(of: nil, PageQuery(limit: 1, cursor: page.cursor, tenants: mine))
        }
        #expect(apps.items.map(\.app.reference.description) == ["acme/blog", "acme/shop", "umbra/shop"])
        let tenants = try await everything(limit: 1) { page in
            try await ledger.tenants(PageQuery(limit: 1, cursor: page.cursor, tenants: mine))
        }
        #expect(tenants.items.map(\.tenant.name) == [acme, umbra])
        let seen = try await everything(limit: 1) { page in
            try await ledger.operations(
                OperationQuery(page: PageQuery(limit: 1, cursor: page.cursor, tenants: mine)))
        }
        #expect(seen.items.compactMap(\.request.app?.description) == ["acme/blog", "umbra/shop", "acme/shop"])
        let foreign = try #require(operations.first { $0.request.tenant == globex })
        #expect(try await ledger.operation(foreign.id, among: mine) == nil)
        #expect(try await ledger.operation(foreign.id, among: nil)?.id == foreign.id)
        #expect(try await ledger.operation(operations[0].id, among: mine)?.id == operations[0].id)
        // A foreign operation's id is no place to go on at, or it would tell that it is one.
        await expect(.refused, "cursor") {
            try await ledger.operations(
                OperationQuery(page: PageQuery(cursor: foreign.id.uuidString, tenants: mine)))
        }
        let records = try await ledger.auditRecords(PageQuery(limit: 100, tenants: mine)).items
        #expect(Set(records.compactMap(\.entry.tenant)) == ["acme", "umbra"])
        #expect(try await ledger.apps(of: nil, PageQuery(tenants: [])).items.isEmpty)
    }

    @Test func `who sees a tenant does not see what was of another one of its name`() async throws {
        _ = try await ledger.addTenant(acme, id: UUID(), at: someTime)
        let old = try await ledger.accept(operation(.deleteTenant(acme)), key: nil, waiting: false)
        try await ledger.bring(old, to: .succeeded)
        try await ledger.removeTenant(acme)
        _ = try await ledger.addTenant(acme, id: UUID(), at: someTime + 60)
        let page = PageQuery(tenants: [acme])
        #expect(try await ledger.operations(OperationQuery(page: page)).items.isEmpty)
        #expect(try await ledger.operation(old.id, among: [acme]) == nil)
        #expect(try await ledger.auditRecords(page).items.isEmpty)
        // Who sees the host sees it.
        #expect(try await ledger.operations(OperationQuery()).items.map(\.id) == [old.id])
        #expect(try await ledger.auditRecords(PageQuery()).items.count == 2)
    }
}
