import FoundationEssentials
import Hummingbird
import TussilagoAPI
import TussilagoCore

/// What a request that may be answered carries: who asks, and how far they see.
struct Pass: Sendable {
    let principal: Principal
    /// The tenants of whose things a list may tell; nil for all.
    let tenants: Set<TenantName>?
}

/// The one place where it is decided whether a request is answered.
///
/// It is asked before anything of the request is read but its path. What the caller may not know of is not looked up.
struct Gate: Sendable {
    let endpoint: Endpoint
    let context: CallContext
    let domain: any Domain

    /// Lets a request through.
    /// - Throws: `not-found` for what is foreign, the same as for what is not there; `forbidden` for what is not.
    func pass() async throws(Problem) -> Pass {
        let principal = try context.standing.get()
        if let tenant = try tenant {
            try principal.require(endpoint.access, in: tenant)
            return Pass(principal: principal, tenants: nil)
        }
        if let id = try operation {
            try await require(principal, id)
            return Pass(principal: principal, tenants: principal.visible)
        }
        return Pass(principal: principal, tenants: try principal.require(endpoint.access))
    }

    /// An operation belongs to whom it is about.
    private func require(_ principal: Principal, _ id: UUID) async throws(Problem) {
        let operation = try await domain.operation(id, among: principal.visible)
        if let tenant = operation.tenant {
            try principal.require(endpoint.access, in: tenant)
        } else {
            _ = try principal.require(endpoint.access)
        }
    }

    private var tenant: TenantName? {
        get throws(Problem) {
            guard let text = context.parameters.get("tenant") else { return nil }
            return try Problem.ofField("tenant") { () throws(InvalidValue) in
                try TenantName(PercentEncoding.decode(String(text)) ?? "")
            }
        }
    }

    private var operation: UUID? {
        get throws(Problem) {
            guard let text = context.parameters.get("id") else { return nil }
            guard let id = UUID(uuidString: String(text)) else {
                throw Problem(.invalidRequest, "it must be a UUID", field: "id")
            }
            return id
        }
    }

    /// Whether a problem says that something is not there which may well be, and is foreign.
    func hides(_ problem: Problem) -> Bool {
        guard problem.code == .notFound, case .success(let principal) = context.standing, principal.host == nil,
            let tenant = try? tenant
        else { return false }
        return principal.tenants[tenant] == nil
    }

    /// What the request is about, for the record.
    var subject: String {
        let parts = ["tenant", "app"].compactMap { context.parameters.get($0) }
        if !parts.isEmpty { return parts.joined(separator: "/") }
        return context.parameters.get("id") ?? "the host"
    }

    /// The tenant that it is about, whose admins see who has tried to reach it.
    var tenantText: String? { (try? tenant)?.rawValue }
}

extension Call {
    /// A record of this request.
    func entry(_ outcome: AuditEntry.Outcome, _ subject: String) -> AuditEntry {
        AuditEntry(
            at: Date(), caller: principal.name, verb: "\(access)", subject: subject, tenant: nil, outcome: outcome,
            requestID: context.requestID)
    }
}
