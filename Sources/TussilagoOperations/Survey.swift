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
        try await outside.ledger.verify(ifDueAt: outside.now())
        var findings = try await outside.ledger.unfinishedReleases(of: nil).map(\.finding)
        let review = LedgerReview(outside: outside, repairs: false, claims: nil)
        let memory = await LookMemory(outside, recalls: false)
        try await parts(review, memory) { (finding) throws(PortError) in
            findings.append(finding)
        } visit: { (part) throws(PortError) in
            findings += part.findings
        }
        findings += await firewall()
        return findings + (try await host(memory.images))
    }

    /// Goes over the host part by part: each tenant, then its apps, but for those that are as they were when nothing was
    /// to be done. In what the ledger differs from the files is told, and mended if it shall be, before anything is
    /// planned by it.
    func parts(
        _ review: LedgerReview, _ memory: LookMemory, tell: (Finding) async throws(PortError) -> Void,
        visit: (Part) async throws(PortError) -> Void
    ) async throws(PortError) {
        for page in try await review.strangers() {
            for finding in try await review.look(at: page).findings { try await tell(finding) }
        }
        let table = try await outside.routing.published()
        let apps = Dictionary(grouping: try await outside.ledger.scopes().compactMap(\.app), by: \.tenant)
        try await outside.ledger.forTenants { (tenants) throws(PortError) in
            let seen = try await review.look(at: tenants.map { .tenant($0.tenant.name) })
            for finding in seen.findings { try await tell(finding) }
            let tenants = try await current(tenants, after: seen) { (record) throws(PortError) in
                try await outside.ledger.tenant(record.tenant.name)
            }
            let desired = tenants.map(DesiredState.init(_:))
            for part in try await observe(desired, seen.files, table) { try await visit(part) }
            for tenant in tenants.map(\.tenant.name) {
                let apps = (apps[tenant] ?? []).sorted()
                for first in stride(from: 0, to: apps.count, by: PageQuery.maximumLimit) {
                    let page = Array(apps[first..<min(first + PageQuery.maximumLimit, apps.count)])
                    let changed = try await memory.changed(page, table)
                    guard !changed.isEmpty else { continue }
                    try await look(at: changed, of: tenant, table, review, memory, tell, visit)
                }
            }
        }
    }

    private func look(
        at apps: [AppReference], of name: TenantName, _ table: RouteTable, _ review: LedgerReview,
        _ memory: LookMemory, _ tell: (Finding) async throws(PortError) -> Void,
        _ visit: (Part) async throws(PortError) -> Void
    ) async throws(PortError) {
        // An app's files name its tenant as well, and what its own say counts among them.
        let seen = try await review.look(at: [.tenant(name)] + apps.map { .app($0) })
        for finding in seen.findings { try await tell(finding) }
        guard let tenant = try await outside.ledger.tenant(name)?.tenant else { return }
        let releases = try await outside.ledger.releases(of: apps)
        let secrets = try await outside.ledger.secrets(of: apps)
        var desired: [DesiredState] = []
        for app in apps {
            guard let record = try await outside.ledger.app(app) else { continue }
            desired.append(
                Wishes.desired(
                    record, releases: releases[app] ?? [], secrets: secrets[app] ?? [], tenant: tenant, power: .asFound
                ))
        }
        for part in try await observe(desired, seen.files, table) {
            memory.found(part, agrees: seen.findings.isEmpty)
            try await visit(part)
        }
    }

    /// The rows as they are, where a review may have changed them.
    private func current<Record>(
        _ records: [Record], after seen: LedgerReview.Seen, row: (Record) async throws(PortError) -> Record?
    ) async throws(PortError) -> [Record] {
        guard !seen.findings.isEmpty else { return records }
        var current: [Record] = []
        for record in records { if let row = try await row(record) { current.append(row) } }
        return current
    }

    private func observe(
        _ desired: [DesiredState], _ files: [ScopeFiles], _ table: RouteTable
    ) async throws(PortError) -> [Part] {
        let installed = Dictionary(files.map { ($0.scope, $0.installed) }, uniquingKeysWith: { first, _ in first })
        let found = desired.map { (desired: $0, installed: installed[$0.scope] ?? InstalledState()) }
        let names = found.map { $0.desired.units(with: $0.installed) }
        let status = try await outside.services.status(of: Array(Set(names.joined())))
        return zip(found, names).map { found, names in
            var observed = ObservedState(installed: found.installed)
            for unit in names { observed.status[unit] = status[unit] }
            if case .app(let app) = found.desired.scope { observed.route = table[app] }
            return Part(
                desired: found.desired, observed: observed,
                plan: Planner.plan(from: observed, to: found.desired))
        }
    }

    /// What is not right with the table of packet rules.
    func firewall() async -> [Finding] {
        do throws(PortError) {
            return try await outside.firewall.differences().map {
                Finding(subject: "firewall", what: $0, action: .repair)
            }
        } catch { return [Finding(subject: "firewall", what: error.cause, action: .report)] }
    }

    /// What is about no single app, and about what the platform does not own: it is told, and left as it is.
    /// - Parameter images: those of the current releases of all apps.
    func host(_ images: [AppReference: ImageIdentity]) async throws(PortError) -> [Finding] {
        var findings = await self.findings(of: images)
        findings += try await SecretReview(outside: outside).findings()
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
    private func findings(of images: [AppReference: ImageIdentity]) async -> [Finding] {
        let stored: [Digest: Set<String>]
        do throws(PortError) { stored = try await outside.images.stored() } catch {
            return [Finding(subject: error.subject, what: error.cause, action: .report)]
        }
        return images.sorted { $0.key < $1.key }.compactMap { app, image in
            let name = image.reference.text
            if stored[image.digest] == nil {
                let what = "its image \(name) is no longer in the host's storage: it cannot be started again"
                return Finding(subject: app.description, what: what, action: .report)
            }
            if let other = stored.first(where: { $0.value.contains(name) }), other.key != image.digest {
                let what = "\(name) means another image by now; a deploy would use that"
                return Finding(subject: app.description, what: what, action: .report)
            }
            return nil
        }
    }
}
