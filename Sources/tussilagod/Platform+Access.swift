import CShims
import FoundationEssentials
import Glibc
import SQLiteLedger
import TussilagoAPI
import TussilagoCore
import TussilagoOperations
import TussilagoServer

/// Who may do what, how much, and who did: straight from the ledger, where each change is one transaction with its record.
extension Platform {
    var accessVersion: Int { ledger.accessVersion.value }

    func access() async throws(Problem) -> AccessRecords {
        try await answering { () throws(PortError) in try await ledger.access() }
    }

    // MARK: Grants

    func grants(in realm: Realm) async throws(Problem) -> PageResource<GrantResource> {
        try await require(realm)
        let grants = try await answering { () throws(PortError) in try await ledger.grants(in: realm) }
        return PageResource(
            items: grants.map { GrantResource($0, live: number(of: $0.grantee) == $0.number) }, next: nil)
    }

    func addGrant(_ request: GrantRequest, in realm: Realm, by asker: Asker) async throws(Problem) -> GrantResource {
        let grantee: Grantee
        do throws(InvalidValue) { grantee = try Grantee(request.grantee) } catch {
            throw Problem(.invalidRequest, error.description, field: "grantee")
        }
        guard let number = number(of: grantee) else {
            let remedy =
                switch grantee {
                case .user(let name): "adduser \(name)"
                case .group(let name): "groupadd \(name)"
                }
            throw Problem(.notFound, "the host has no \(grantee)", field: "grantee", remedy: remedy)
        }
        let grant = Grant(
            realm: realm, grantee: grantee, number: number, role: request.role, by: asker.name, at: outside.now())
        let entry = entry("grant.create", realm, asker, "\(grantee) is \(request.role.rawValue) of \(realm)")
        try await accepting { () throws(PortError) in try await ledger.add(grant, entry) }
        return GrantResource(grant, live: true)
    }

    func removeGrant(of grantee: Grantee, in realm: Realm, by asker: Asker) async throws(Problem) -> GrantResource {
        let entry = entry("grant.delete", realm, asker, "\(grantee) has no role of its own on \(realm)")
        return GrantResource(
            try await accepting { () throws(PortError) in
                try await ledger.removeGrant(of: grantee, in: realm, entry)
            }, live: false)
    }

    /// The host's number of an account, as the kernel gives it; nil when the host has no such account.
    private func number(of grantee: Grantee) -> UInt32? {
        switch grantee {
        case .user(let name): UInt32(exactly: tsl_user_id(name.text))
        case .group(let name): UInt32(exactly: tsl_group_id(name.text))
        }
    }

    // MARK: Tokens

    func tokens(in realm: Realm) async throws(Problem) -> PageResource<TokenResource> {
        try await require(realm)
        let tokens = try await answering { () throws(PortError) in try await ledger.tokens(in: realm) }
        return PageResource(items: tokens.map { TokenResource($0, now: outside.now()) }, next: nil)
    }

    func createToken(
        _ request: TokenRequest, in realm: Realm, by asker: Asker
    ) async throws(Problem) -> IssuedTokenResource {
        let name: TokenName
        do throws(InvalidValue) { name = try TokenName(request.name) } catch {
            throw Problem(.invalidRequest, error.description, field: "name")
        }
        let now = outside.now(), secret = TokenSecret.random()
        guard let digest = secret.digest else { throw Problem(.inner, "a token could not be made") }
        let token = Token(
            id: outside.makeID(), name: name, realm: realm, role: request.role, by: asker.name, at: now,
            expiresAt: now.addingTimeInterval(TimeInterval(request.expiresIn)))
        let detail = "\(name) is \(request.role.rawValue) of \(realm) until \(token.expiresAt.formatted(.iso8601))"
        let entry = entry("token.create", realm, asker, detail)
        try await accepting { () throws(PortError) in try await ledger.add(token, digest: digest, entry) }
        return IssuedTokenResource(token: TokenResource(token, now: now), secret: secret.text)
    }

    func revokeToken(_ name: TokenName, in realm: Realm, by asker: Asker) async throws(Problem) -> TokenResource {
        let entry = entry("token.delete", realm, asker, "\(name)")
        let token = try await accepting { () throws(PortError) in
            try await ledger.removeToken(name, in: realm, entry)
        }
        return TokenResource(token, now: outside.now())
    }

    private func require(_ realm: Realm) async throws(Problem) {
        if let tenant = realm.tenant { _ = try await known(tenant) }
    }

    private func entry(_ verb: String, _ realm: Realm, _ asker: Asker, _ detail: String) -> AuditEntry {
        AuditEntry(
            at: outside.now(), caller: asker.name, verb: verb, subject: realm.description,
            tenant: realm.tenant?.rawValue, outcome: .done, requestID: asker.requestID, detail: detail)
    }

    private func accepting<Value: Sendable>(
        _ body: () async throws(PortError) -> Value
    ) async throws(Problem) -> Value {
        do throws(PortError) { return try await body() } catch { throw Problem(accepting: error) }
    }

    // MARK: Audit

    func audit(_ query: PageQuery) async throws(Problem) -> PageResource<AuditResource> {
        PageResource(
            try await answering { () throws(PortError) in try await ledger.auditRecords(query) }
                .map { AuditResource($0) })
    }

    func auditReport() async throws(Problem) -> AuditReportResource {
        let chains = try await answering { () throws(PortError) in try await ledger.verifyAudit() }
        return AuditReportResource(chains: chains.map { .init($0.chain, $0.fault) })
    }

    func record(_ entry: AuditEntry) async throws(Problem) {
        try await answering { () throws(PortError) in try await ledger.record(entry) }
    }

    // MARK: Quotas

    func quota(of tenant: TenantName) async throws(Problem) -> QuotaResource {
        try await quota(try await known(tenant))
    }

    func quotas(_ query: PageQuery) async throws(Problem) -> PageResource<QuotaResource> {
        let page = try await answering { () throws(PortError) in try await ledger.tenants(query) }
        var items: [QuotaResource] = []
        for record in page.items { items.append(try await quota(record)) }
        return PageResource(items: items, next: page.next)
    }

    private func quota(_ record: TenantRecord) async throws(Problem) -> QuotaResource {
        let name = record.tenant.name
        let usage = try await answering { () throws(PortError) in try await ledger.usage(of: name) }
        return QuotaResource(
            tenant: name, limits: QuotaAmounts(record.tenant.quota), used: QuotaAmounts(usage))
    }
}
