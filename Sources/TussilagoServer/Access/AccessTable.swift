import TussilagoCore

/// What an endpoint does to what. Every endpoint has one: it does not compile without.
struct Access: Hashable, Sendable, CustomStringConvertible {
    let verb: Verb
    let resource: Resource

    init(_ verb: Verb, _ resource: Resource) {
        self.verb = verb
        self.resource = resource
    }

    /// What is done.
    enum Verb: String, CaseIterable {
        case view, create, delete, cancel
        case deploy, plan, scale, rollback, start, stop, restart
        case set, unset, rotate
        case reconcile, collect, backup, restore, verify, quota, egress, policy
    }

    /// What it is done to. A list of things has the rule of a look at one of them.
    enum Resource: String, CaseIterable {
        case document, host, tenant, domain, app, source, runtime, secret, service, operation, grant, token, audit,
            quota
    }

    /// As the audit names it; of an operation the same as its kind.
    var description: String { "\(resource.rawValue).\(verb.rawValue)" }

    /// Who may: nobody where the table has no row.
    var rule: Rule? { AccessTable.rules[self] }
}

/// Who may do something.
struct Rule: Hashable, Sendable {
    /// The least role on the host.
    let host: Role
    /// The least role in the tenant that it is about; nil when no role in a tenant is enough.
    let tenant: Role?
    /// Whether a token may, if its role is enough. One that leaks shall not be able to make others.
    var byToken = true
}

/// Who may do what: the one table. What it does not name is denied, to root as well.
enum AccessTable {
    static let rules: [Access: Rule] = {
        var rules: [Access: Rule] = [:]
        for (resource, verbs, rule) in rows {
            for verb in verbs { rules[Access(verb, resource)] = rule }
        }
        return rules
    }()

    private static let rows: [(Access.Resource, [Access.Verb], Rule)] = [
        (.document, [.view], Rule(host: .viewer, tenant: .viewer)),
        (.host, [.view], Rule(host: .viewer, tenant: nil)),
        (.host, [.reconcile], Rule(host: .operator, tenant: nil)),
        (.host, [.collect, .restore], Rule(host: .admin, tenant: nil)),
        // It reads all that tenants have, their secrets included.
        (.host, [.backup], Rule(host: .admin, tenant: nil, byToken: false)),
        (.tenant, [.view], Rule(host: .viewer, tenant: .viewer)),
        (.tenant, [.create, .delete, .quota, .egress, .policy], Rule(host: .admin, tenant: nil)),
        (.domain, [.view], Rule(host: .viewer, tenant: .viewer)),
        // A record in the DNS proves it, whoever asks for the proof.
        (.domain, [.create, .verify, .delete], Rule(host: .admin, tenant: .admin)),
        (.app, [.view], Rule(host: .viewer, tenant: .viewer)),
        // A plan changes nothing, but it reads what the manifest names on the host, as a deploy does.
        (.app, [.deploy, .plan, .scale, .rollback], Rule(host: .operator, tenant: .operator)),
        (.app, [.start, .stop, .restart], Rule(host: .operator, tenant: .operator)),
        (.app, [.create, .delete], Rule(host: .admin, tenant: .admin)),
        // What is deployed next; it is never shown again, but for its size.
        (.source, [.view, .set], Rule(host: .operator, tenant: .operator)),
        (.runtime, [.view], Rule(host: .viewer, tenant: .viewer)),
        (.runtime, [.set], Rule(host: .admin, tenant: nil)),
        // Their names and versions; no value is ever shown.
        (.secret, [.view], Rule(host: .viewer, tenant: .viewer)),
        (.secret, [.set, .unset, .rotate], Rule(host: .operator, tenant: .operator)),
        // Where its data are and how many; never what they are, or who may read them.
        (.service, [.view], Rule(host: .viewer, tenant: .viewer)),
        (.service, [.rotate], Rule(host: .operator, tenant: .operator)),
        (.operation, [.view], Rule(host: .viewer, tenant: .viewer)),
        (.operation, [.cancel], Rule(host: .operator, tenant: .operator)),
        (.grant, [.view, .create, .delete], Rule(host: .admin, tenant: .admin, byToken: false)),
        (.token, [.view, .create, .delete], Rule(host: .admin, tenant: .admin, byToken: false)),
        (.audit, [.view], Rule(host: .admin, tenant: .admin)),
        (.audit, [.verify], Rule(host: .admin, tenant: nil)),
        (.quota, [.view], Rule(host: .viewer, tenant: .viewer)),
    ]
}
