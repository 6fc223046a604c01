public import TussilagoCore

/// Looks at all of the host: what each tenant and app shall be, what is, and the plan from the one to the other.
///
/// The dear parts are done once for many: systemd is asked about a page of apps in one call, Caddy's file is read once.
public struct Survey: Sendable {
    private let outside: Outside

    /// Surveys through these ports.
    public init(_ outside: Outside) { self.outside = outside }

    /// A part of the host, and what would be done about it.
    struct Part: Sendable {
        let desired: DesiredState
        let observed: ObservedState
        let plan: Plan
        var findings: [Finding] { Finding.findings(plan, from: observed, to: desired) }
    }

    /// Everything that is not as it shall be. Nothing is changed.
    public func findings() async throws(PortError) -> [Finding] {
        try await outside.ledger.verify()
        var findings: [Finding] = []
        let review = LedgerReview(outside: outside)
        for scope in try await review.scopes() {
            findings += try await review.differences(in: scope, repairing: false)
        }
        try await parts { (part) throws(PortError) in findings += part.findings }
        return findings + (try await host())
    }

    /// Goes over the host part by part: each tenant, then its apps.
    func parts(_ visit: (Part) async throws(PortError) -> Void) async throws(PortError) {
        let table = try await outside.routing.published()
        try await outside.ledger.forTenants { (tenants) throws(PortError) in
            for part in try await observe(tenants.map { DesiredState(tenant: $0.tenant.name, $0.tenant) }, table) {
                try await visit(part)
            }
            for tenant in tenants { try await apps(of: tenant.tenant, table, visit) }
        }
    }

    private func apps(
        of tenant: Tenant, _ table: RouteTable, _ visit: (Part) async throws(PortError) -> Void
    ) async throws(PortError) {
        let wishes = Wishes(outside.ledger)
        try await outside.ledger.forApps(of: tenant.name) { (apps) throws(PortError) in
            var desired: [DesiredState] = []
            for record in apps {
                desired.append(try await wishes.desired(record, tenant: tenant, power: .asFound))
            }
            for part in try await observe(desired, table) { try await visit(part) }
        }
    }

    private func observe(_ desired: [DesiredState], _ table: RouteTable) async throws(PortError) -> [Part] {
        let installed = try await outside.units.observe(desired.map(\.scope))
        let names = zip(desired, installed).map { $0.units(with: $1) }
        let status = try await outside.services.status(of: Array(Set(names.joined())).sorted())
        return desired.indices.map { index in
            var observed = ObservedState(installed: installed[index])
            for unit in names[index] { observed.status[unit] = status[unit] }
            if case .app(let app) = desired[index].scope { observed.route = table[app] }
            return Part(
                desired: desired[index], observed: observed,
                plan: Planner.plan(from: observed, to: desired[index]))
        }
    }

    /// What is about no single app, and about what the platform does not own: it is told, and left as it is.
    func host() async throws(PortError) -> [Finding] {
        var findings = try await images()
        do throws(PortError) {
            for hostname in try await outside.routing.foreignHostnames() {
                findings.append(
                    Finding(
                        subject: "Caddy", what: "a route that is not the platform's claims \(hostname) as well",
                        action: .report))
            }
        } catch {
            findings.append(Finding(subject: "Caddy", what: error.cause, action: .report))
        }
        return findings
    }

    /// Images of current releases that are gone, or whose name means another one by now.
    private func images() async throws(PortError) -> [Finding] {
        let stored: [Digest: Set<String>]
        do throws(PortError) { stored = try await outside.images.stored() } catch {
            return [Finding(subject: error.subject, what: error.cause, action: .report)]
        }
        var findings: [Finding] = []
        try await outside.ledger.forApps { (apps) throws(PortError) in
            for record in apps {
                guard let image = record.current?.artefact.image else { continue }
                let subject = record.app.reference.description, name = image.reference.text
                if stored[image.digest] == nil {
                    let what = "its image \(name) is no longer in the host's storage: it cannot be started again"
                    findings.append(Finding(subject: subject, what: what, action: .report))
                } else if let other = stored.first(where: { $0.value.contains(name) }), other.key != image.digest {
                    let what = "\(name) means another image by now; a deploy would use that"
                    findings.append(Finding(subject: subject, what: what, action: .report))
                }
            }
        }
        return findings
    }
}
