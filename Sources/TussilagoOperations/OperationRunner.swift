import FoundationEssentials
import TussilagoCore

/// Turns an operation into what shall be, and has that reached. Each kind is told in one function, top to bottom.
struct OperationRunner: Sendable {
    let outside: Outside
    let executor: Executor
    let log: OperationLog
    let halt: Halt
    let claims: Claims
    /// Whether a reconcile repairs what it finds.
    let repairs: Bool

    var wishes: Wishes { Wishes(outside.ledger) }
    var services: ServiceKeeper { ServiceKeeper(outside: outside, log: log, halt: halt) }
    private var convergence: Convergence { Convergence(outside: outside, executor: executor, log: log) }

    /// Performs an operation to its end. It may be one that was begun before: every step finds out what is done already.
    /// - Returns: the release that it made, if it made one.
    func perform(_ operation: TussilagoCore.Operation) async throws(PortError) -> ReleaseNumber? {
        switch operation.request {
        case .createTenant(let name): try await createTenant(name)
        case .deleteTenant(let name): try await deleteTenant(name)
        case .setQuota(let name, let quota): try await setQuota(quota, of: name)
        case .setEgress(let name, let egress): try await setEgress(name, egress)
        case .setPolicy(let name, let loosening): try await setPolicy(loosening, of: name)
        case .addDomain(let name, let hostname, let vouched):
            try await addDomain(hostname, of: name, vouched: vouched, by: operation.caller)
        case .verifyDomain(let name, let hostname): try await verifyDomain(hostname, of: name)
        case .removeDomain(let name, let hostname): try await outside.ledger.removeDomain(hostname, of: name)
        case .createApp(let app): try await createApp(app)
        case .deleteApp(let app, let purge): try await deleteApp(app, purging: purge ?? false)
        case .deploy(let app, let deployment):
            return try await serve(app, withPhase: true) { (record, tenant) throws(PortError) in
                try await services.authorize(record.app, deployment.manifest.services)
                return try await ReleaseMaker(outside: outside, log: log).release(
                    deployment, of: record.app, tenant: tenant, by: operation
                ) { (source, image) throws(PortError) in
                    try await built(source, for: image, deployment.manifest, of: record, tenant: tenant, by: operation)
                }
            }
        case .scale(let app, let counts):
            return try await serve(app) { (record, tenant) throws(PortError) in
                try await ReleaseMaker(outside: outside, log: log)
                    .release(scaling: counts, of: record, tenant: tenant, by: operation)
            }
        case .rotateSecrets(let app):
            return try await serve(app) { (record, tenant) throws(PortError) in
                try await ReleaseMaker(outside: outside, log: log)
                    .release(rotatingSecretsOf: record, tenant: tenant, by: operation)
            }
        case .rotateServices(let app):
            return try await serve(app) { (record, tenant) throws(PortError) in
                let maker = ReleaseMaker(outside: outside, log: log)
                if try await maker.made(of: record.app, by: operation) == nil {
                    try await services.renew(record)
                }
                return try await maker.release(rotatingSecretsOf: record, tenant: tenant, by: operation)
            }
        case .setSecret(let app, let name, let credential): try await setSecret(name, of: app, credential: credential)
        case .unsetSecret(let app, let name): try await unsetSecret(name, of: app)
        case .rollback(let app, let number):
            return try await serve(app) { (record, _) throws(PortError) in
                try await revived(number, of: record, by: operation)
            }
        case .start(let app): try await power(app, .on)
        case .stop(let app): try await power(app, .off)
        case .restart(let app):
            try await power(app, .off)
            try await power(app, .on)
        case .reconcile: try await reconcile()
        case .collect: try await collect()
        case .restore(let path, let key): try await restore(path, secretsKey: key, by: operation)
        }
        return nil
    }

    private func createTenant(_ name: TenantName) async throws(PortError) {
        _ = try await outside.ledger.addTenant(name, id: outside.makeID(), at: outside.now())
        try await reach(DesiredState(try await wishes.record(of: name)))
    }

    private func deleteTenant(_ name: TenantName) async throws(PortError) {
        guard let record = try await outside.ledger.tenant(name) else { return }
        guard record.apps == 0 else {
            throw PortError(.refused, name.rawValue, cause: "it still has \(record.apps) apps")
        }
        try await reach(DesiredState(tenant: name, nil, egress: .none))
        try await outside.builds?.removeSources(of: name)
        try await outside.ledger.removeTenant(name)
    }

    private func setQuota(_ quota: Quota, of name: TenantName) async throws(PortError) {
        try await outside.ledger.setQuota(quota, of: name)
        let record = try await wishes.record(of: name)
        try await outside.measureTrees(of: record.tenant)
        try await reach(DesiredState(record))
    }

    /// What runs stays as it is: its units are its release's. What asks for more is told, and refused from now on.
    private func setPolicy(_ loosening: Loosening?, of name: TenantName) async throws(PortError) {
        try await outside.ledger.setLoosening(loosening, of: name)
        try await reach(DesiredState(try await wishes.record(of: name)))
        try await outside.ledger.forApps(of: name) { (apps) throws(PortError) in
            for record in apps {
                guard let asked = record.current?.manifest.sandbox, let excess = loosening.excess(of: asked) else {
                    continue
                }
                let kind = excess.kind
                let what =
                    "its release has \(kind.key) \(kind.text(asked.amount(kind))); "
                    + "no other one may have more than \(kind.text(excess.most))"
                try await log.finding(
                    Finding(subject: "\(record.app.reference)", what: what, action: .report))
            }
        }
    }

    private func createApp(_ reference: AppReference) async throws(PortError) {
        let tenant = try await wishes.tenant(reference.tenant)
        let app = try await outside.ledger.addApp(reference, id: outside.makeID(), at: outside.now())
        let desired = DesiredApp(app: app, current: nil, kept: [], power: .on)
        try await reach(DesiredState(app: reference, tenant: tenant, desired))
    }

    private func deleteApp(_ reference: AppReference, purging: Bool) async throws(PortError) {
        guard let record = try await outside.ledger.app(reference) else { return }
        let tenant = try await wishes.tenant(reference.tenant)
        let before = try await wishes.desired(record, tenant: tenant, power: .asItIs)
        try await reach(DesiredState(app: reference, tenant: tenant, nil))
        // A try before this one may have failed half way through, where no observation sees it.
        try await outside.units.removeRemains(of: reference)
        // Its unit takes it away when it is stopped; after a boot it may not have been started.
        if before.app?.hasBridge == true { try await outside.images.removeBridge(of: reference) }
        try await services.release(reference, purging: purging)
        // Before the row, which names them: an agent that dies in between has the next one remove the rest.
        try await outside.secrets.remove(try await outside.ledger.secrets(of: reference).map(\.version.credential))
        try await outside.ledger.removeApp(reference)
    }

    /// Has a release serve that is pending. It is started and ready before the old one loses its requests. An error up to
    /// that moment goes back to what was; one after it does not: what is new serves, and the same plan is tried again.
    /// - Parameter withPhase: whether what its manifest has run before a release serves is run.
    private func serve(
        _ reference: AppReference, withPhase: Bool = false,
        _ pending: (AppRecord, Tenant) async throws(PortError) -> ReleaseRecord
    ) async throws(PortError) -> ReleaseNumber {
        let tenant = try await wishes.tenant(reference.tenant)
        try await abandonUnfinished(of: reference)
        let record = try await wishes.app(reference)
        try await outside.measureTrees(of: tenant)
        let made = try await pending(record, tenant)
        let release = made.release
        // An agent that died after the last step but one left the outcome in the ledger.
        guard made.state == .pending else {
            if made.state == .current {
                try await services.close(record.app, but: release)
                return release.number
            }
            throw PortError(
                .startFailed, "release \(release.number)", cause: "it failed before the agent was restarted")
        }
        let before = try await wishes.desired(record, tenant: tenant, power: .asItIs)
        var after = before
        after.app?.current = release
        after.app?.power = .on
        after.app?.phase = withPhase ? release.phase : nil
        after.app?.kept = Wishes.kept(before.app?.kept ?? [], with: release)
        let observed = try await Observer(outside).observe(after)
        let wasRunning = observed.status[reference.target]?.isActive ?? false
        do throws(PortError) { try await services.open(record.app, to: release) } catch {
            guard !error.isTransient else { throw error }
            try await goBack(to: before, power: wasRunning ? .on : .off, from: made, after: error)
            throw error
        }
        var forward = convergence
        forward.halt = halt
        do throws(Convergence.Failure) { try await forward.reach(after, from: observed) } catch {
            if error.error.isTransient { throw error.error }
            if error.committed {
                try await outside.ledger.settleRelease(reference, release.number, as: .current)
                throw error.error
            }
            try await goBack(to: before, power: wasRunning ? .on : .off, from: made, after: error.error)
            // What it alone could log in as. Should this fail, the next release that serves has it done.
            try? await services.close(record.app, but: before.app?.current)
            // It has ended; only that it did is left of it.
            if let phase = after.app?.phase { try? await executor.perform(.stop([phase.unit])) }
            throw error.error
        }
        try await outside.ledger.settleRelease(reference, release.number, as: .current)
        try await outside.ledger.removeReleases(reference, try await wishes.outdated(release))
        try await services.close(record.app, but: release)
        return release.number
    }

    /// The earlier release that an operation goes back to, made pending: all that it needs is there still.
    private func revived(
        _ number: ReleaseNumber?, of record: AppRecord, by operation: TussilagoCore.Operation
    ) async throws(PortError) -> ReleaseRecord {
        let reference = record.app.reference
        // One that was begun before has it in the ledger.
        let known = try await outside.ledger.releases(of: reference, PageQuery(limit: PageQuery.maximumLimit)).items
        if let begun = known.first(where: { $0.operation == operation.id }) { return begun }
        let earlier = try await wishes.earlier(number, than: record)
        let release = earlier.release
        guard earlier.state != .current else {
            throw PortError(.refused, "\(reference) release \(release.number)", cause: "it serves already")
        }
        try await outside.ledger.tenant(reference.tenant)?.allow(release.manifest)
        try await HostnameRights(outside: outside).settle(
            release.manifest.hostnames, of: reference.tenant, voucher: nil)
        try await log.event(.stepStarted, "go back to release \(release.number)")
        try await outside.ledger.reviveRelease(reference, release.number, by: operation.id)
        return ReleaseRecord(
            release: release, createdAt: earlier.createdAt, state: .pending, operation: operation.id)
    }

    /// Plans back to what was. A new release stays in the ledger, as failed, and its number is not used again; one that
    /// was to be gone back to is superseded as before.
    func goBack(
        to before: DesiredState, power: DesiredApp.Power, from pending: ReleaseRecord, after error: PortError
    ) async throws(PortError) {
        let release = pending.release
        let old = before.app?.current.map { "release \($0.number)" } ?? "no release"
        try await log.event(.goingBack, "going back to \(old): \(error.cause)")
        var state = before
        state.app?.power = power
        do throws(Convergence.Failure) { try await convergence.reach(state) } catch {
            guard !error.error.isTransient else { throw error.error }
            try await withdraw(pending, keeping: before.app?.current?.instances ?? [])
        }
        try await outside.ledger.settleRelease(
            release.app, release.number, as: pending.isRevived ? .superseded : .failed)
    }

    /// Takes away what a release has on the host, and leaves the rest as it is.
    ///
    /// What stood in the way of the release, such as an admin's own file, may stand in the way back as well.
    private func withdraw(_ pending: ReleaseRecord, keeping kept: [Instance]) async throws(PortError) {
        let release = pending.release
        let instances = release.instances.filter { !kept.contains($0) }
        try await executor.perform(.stop(instances.flatMap(\.units)))
        try await executor.perform(.files(.retire(instances)))
        if !pending.isRevived { try await executor.perform(.files(.discard(release.app, [release.number]))) }
    }

    private func power(_ reference: AppReference, _ power: DesiredApp.Power) async throws(PortError) {
        let desired = try await wishes.desired(
            try await wishes.app(reference), tenant: try await wishes.tenant(reference.tenant), power: power)
        try await reach(desired)
    }

    func reach(_ desired: DesiredState) async throws(PortError) {
        do throws(Convergence.Failure) { try await convergence.reach(desired) } catch { throw error.error }
    }
}
