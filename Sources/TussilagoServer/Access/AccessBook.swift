import CShims
import FoundationEssentials
import Glibc
import NIOCore
import Synchronization
import TussilagoAPI
import TussilagoCore

/// Knows everyone's roles: by the groups that the host is set up with, and by what was granted.
///
/// What was granted is kept in memory, with names turned into the host's numbers, until it changes, and for ten seconds
/// at most: accounts change without a word to the agent.
final class AccessBook: Sendable {
    private let authorization: Authorization
    private let domain: any Domain
    private let page = Mutex<Page?>(nil)

    private static let fresh = TimeAmount.seconds(10)

    /// What was granted, by the numbers that the kernel gives.
    private struct Page {
        let version: Int
        let until: NIODeadline
        var users: [UInt32: [Realm: Role]] = [:]
        var groups: [UInt32: [Realm: Role]] = [:]
        let tokens: [TussilagoCore.Digest: Token]
    }

    init(_ authorization: Authorization, domain: any Domain) {
        self.authorization = authorization
        self.domain = domain
    }

    /// Who asks.
    /// - Parameter header: the field `Authorization`; with it nothing counts but the token.
    /// - Throws: a problem of code `unauthorized` for a token that is none, has expired or was revoked.
    func principal(_ peer: Peer, _ header: String?) async throws(Problem) -> Principal {
        if let header { return try await bearer(peer, header) }
        let host = authorization.role(of: peer)
        if host == .admin { return Principal(peer: peer, token: nil, host: host, tenants: [:]) }
        let page: Page
        do throws(Problem) { page = try await current() } catch {
            // Who has a role without the ledger is told why it cannot be read.
            if let host { return Principal(peer: peer, token: nil, host: host, tenants: [:]) }
            throw error
        }
        var roles: [Realm: Role] = [:]
        for granted in [page.users[peer.user]] + peer.groups.map({ page.groups[$0] }) {
            if let granted { roles.merge(granted) { max($0, $1) } }
        }
        let granted = roles.removeValue(forKey: .host)
        var tenants: [TenantName: Role] = [:]
        for (realm, role) in roles { if let tenant = realm.tenant { tenants[tenant] = role } }
        return Principal(
            peer: peer, token: nil, host: [host, granted].compactMap { $0 }.max(), tenants: tenants)
    }

    private func bearer(_ peer: Peer, _ header: String) async throws(Problem) -> Principal {
        // The scheme's name has no case (RFC 9110 §11.1).
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 200,
            let digest = TokenSecret(String(parts[1])).digest, let token = try await current().tokens[digest],
            token.expiresAt > Date()
        else {
            throw Problem(
                .unauthorized, "the token is not known here, has expired or was revoked",
                remedy: "make another one: tussilago token create NAME")
        }
        switch token.realm {
        case .host: return Principal(peer: peer, token: token, host: token.role, tenants: [:])
        case .tenant(let name): return Principal(peer: peer, token: token, host: nil, tenants: [name: token.role])
        }
    }

    private func current() async throws(Problem) -> Page {
        // Read first: what changes while it is looked up is looked up again.
        let version = domain.accessVersion, now = NIODeadline.now()
        if let page = page.withLock({ $0 }), page.version == version, page.until > now { return page }
        let records = try await domain.access()
        var fresh = Page(version: version, until: now + Self.fresh, tokens: records.tokens)
        for grant in records.grants where Self.isLive(grant) {
            switch grant.grantee {
            case .user: fresh.users[grant.number, default: [:]][grant.realm] = grant.role
            case .group: fresh.groups[grant.number, default: [:]][grant.realm] = grant.role
            }
        }
        let made = fresh
        page.withLock { $0 = made }
        return made
    }

    /// Whether the account is still the one that the role was granted to: by its name and by its number.
    private static func isLive(_ grant: Grant) -> Bool {
        switch grant.grantee {
        case .user(let name): tsl_user_id(name.text) == Int64(grant.number)
        case .group(let name): tsl_group_id(name.text) == Int64(grant.number)
        }
    }
}
