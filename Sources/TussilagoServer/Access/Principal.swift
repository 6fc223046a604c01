import Glibc
import TussilagoAPI
import TussilagoCore

/// Who asks, with every role that they have.
struct Principal: Sendable {
    /// The process at the other end.
    let peer: Peer
    /// The token that it has shown; its roles are then the token's alone.
    let token: Token?
    /// The role on all of the host.
    let host: Role?
    /// The roles in tenants.
    let tenants: [TenantName: Role]

    /// The name by which others know them. It may ask the host's name service: never on the event loop.
    var name: String { token.map { "\(peer.name) (token \($0.name))" } ?? peer.name }

    /// Whether they may do nothing at all.
    var isStranger: Bool { host == nil && tenants.isEmpty }

    /// The tenants that are there for them; nil for all that there are.
    var visible: Set<TenantName>? { host == nil ? Set(tenants.keys) : nil }

    /// Whether their word is enough for whose a hostname is.
    var vouches: Bool { host == .admin }

    /// Whose files a deploy of theirs may copy: the agent itself may read everything.
    var files: Caller.Files {
        if host == .admin { return .anybodys }
        // Who asks with a token may be a program that passes on what others ask for. It is not to give them root's files.
        return peer.user == 0 ? .nobodys : .own(peer.user)
    }

    /// Decides about something that is, or would be, in a tenant. What is foreign is not there.
    func require(_ access: Access, in tenant: TenantName) throws(Problem) {
        guard host != nil || tenants[tenant] != nil else { throw .noTenant(tenant) }
        guard let rule = try rule(of: access), has(host, rule.host) || has(tenants[tenant], rule.tenant) else {
            throw .denied(access, in: tenant)
        }
    }

    /// Decides about something that is the host's, or everyone's.
    /// - Returns: the tenants whose part of it they get; nil for all of it.
    func require(_ access: Access) throws(Problem) -> Set<TenantName>? {
        guard let rule = try rule(of: access) else { throw .denied(access, in: nil) }
        if has(host, rule.host) { return nil }
        let own = tenants.filter { has($0.value, rule.tenant) }
        guard !own.isEmpty else { throw .denied(access, in: nil) }
        return Set(own.keys)
    }

    private func rule(of access: Access) throws(Problem) -> Rule? {
        guard let rule = access.rule, !rule.byToken, token != nil else { return access.rule }
        throw Problem(.forbidden, "no token may do this (\(access))", remedy: "ask without one, by your own account")
    }

    private func has(_ role: Role?, _ least: Role?) -> Bool {
        guard let role, let least else { return false }
        return role >= least
    }
}

extension Problem {
    /// There is no such tenant, or none that the caller may know of: the same words.
    static func noTenant(_ tenant: TenantName) -> Problem {
        Problem(.notFound, "there is no tenant \(tenant)", field: "tenant", remedy: "tussilago tenant list")
    }

    /// The caller may see it, and not do this to it.
    static func denied(_ access: Access, in tenant: TenantName?) -> Problem {
        guard let rule = access.rule else { return Problem(.forbidden, "nobody may do this (\(access))") }
        let host = "\(rule.host.rawValue) of the host"
        if let least = rule.tenant {
            let name = tenant.map { "tenant \($0)" } ?? "a tenant"
            return Problem(
                .forbidden,
                "you may not do this (\(access)): it takes the role \(least.rawValue) of \(name), or \(host)",
                remedy: "have an admin run: tussilago grant add user:NAME \(least.rawValue)"
                    + (tenant.map { " --tenant \($0)" } ?? " --tenant TENANT"))
        }
        return Problem(
            .forbidden, "you may not do this (\(access)): it takes the role \(host)",
            remedy:
                "have an admin of the host do it, or run: tussilago grant add user:NAME \(rule.host.rawValue) --host")
    }
}
