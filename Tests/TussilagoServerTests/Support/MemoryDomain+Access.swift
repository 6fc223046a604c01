import FoundationEssentials
import Synchronization
import TussilagoAPI
import TussilagoCore
import TussilagoServer

/// What the domain in memory knows of rights: what a test has put there.
final class MemoryAccess: Sendable {
    private struct State {
        var version = 0
        var records = AccessRecords()
        var reads = 0
        var entries: [AuditEntry] = []
    }

    private let state = Mutex(State())

    var version: Int { state.withLock(\.version) }
    /// How often all grants and tokens were read.
    var reads: Int { state.withLock(\.reads) }
    /// What was recorded.
    var entries: [AuditEntry] { state.withLock(\.entries) }

    func read() -> AccessRecords {
        state.withLock { state in
            state.reads += 1
            return state.records
        }
    }

    func change(_ body: (inout AccessRecords) -> Void) {
        state.withLock { state in
            body(&state.records)
            state.version += 1
        }
    }

    func add(_ entry: AuditEntry) { state.withLock { $0.entries.append(entry) } }

    /// Puts a token there, and says its secret.
    func token(
        _ role: Role, in realm: Realm, name: String = "ci", expires: Date = Date().addingTimeInterval(600)
    ) -> String {
        let secret = TokenSecret.random()
        let token = Token(
            id: UUID(), name: TokenName(unchecked: name), realm: realm, role: role, by: "root", at: Date(),
            expiresAt: expires)
        change { records in if let digest = secret.digest { records.tokens[digest] = token } }
        return secret.text
    }

    func grant(_ role: Role, _ grantee: Grantee, _ number: UInt32, in realm: Realm) {
        change {
            $0.grants.append(
                Grant(realm: realm, grantee: grantee, number: number, role: role, by: "root", at: Date()))
        }
    }
}

extension MemoryDomain {
    nonisolated var accessVersion: Int { rights.version }

    func access() async throws(Problem) -> AccessRecords { rights.read() }

    func grants(in realm: Realm) async throws(Problem) -> PageResource<GrantResource> {
        PageResource(items: [], next: nil)
    }

    func addGrant(_ request: GrantRequest, in realm: Realm, by asker: Asker) async throws(Problem) -> GrantResource {
        guard let grantee = try? Grantee(request.grantee) else { throw Problem(.invalidRequest, "it is none") }
        return GrantResource(
            Grant(realm: realm, grantee: grantee, number: 1, role: request.role, by: asker.name, at: Date()), live: true
        )
    }

    func removeGrant(of grantee: Grantee, in realm: Realm, by asker: Asker) async throws(Problem) -> GrantResource {
        GrantResource(
            Grant(realm: realm, grantee: grantee, number: 1, role: .viewer, by: asker.name, at: Date()), live: false)
    }

    func tokens(in realm: Realm) async throws(Problem) -> PageResource<TokenResource> {
        PageResource(items: [], next: nil)
    }

    func createToken(
        _ request: TokenRequest, in realm: Realm, by asker: Asker
    ) async throws(Problem) -> IssuedTokenResource {
        let token = token(TokenName(unchecked: request.name), realm, asker)
        return IssuedTokenResource(token: TokenResource(token, now: Date()), secret: TokenSecret.random().text)
    }

    func revokeToken(_ name: TokenName, in realm: Realm, by asker: Asker) async throws(Problem) -> TokenResource {
        TokenResource(token(name, realm, asker), now: Date())
    }

    private func token(_ name: TokenName, _ realm: Realm, _ asker: Asker) -> Token {
        Token(
            id: UUID(), name: name, realm: realm, role: .viewer, by: asker.name, at: Date(),
            expiresAt: Date().addingTimeInterval(60))
    }

    func audit(_ query: PageQuery) async throws(Problem) -> PageResource<AuditResource> {
        PageResource(items: [], next: nil)
    }

    func auditReport() async throws(Problem) -> AuditReportResource { AuditReportResource(chains: []) }

    func record(_ entry: AuditEntry) async throws(Problem) { rights.add(entry) }

    func quota(of tenant: TenantName) async throws(Problem) -> QuotaResource {
        QuotaResource(tenant: tenant, limits: QuotaAmounts(), used: QuotaAmounts())
    }

    func quotas(_ query: PageQuery) async throws(Problem) -> PageResource<QuotaResource> {
        PageResource(items: [], next: nil)
    }
}
