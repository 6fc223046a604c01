import FoundationEssentials
import TussilagoCore

/// Turns an operation into what shall be, and has that reached. Each kind is told in one function, top to bottom.
struct OperationRunner: Sendable {
    let outside: Outside
    let executor: Executor
    let log: OperationLog

    private var wishes: Wishes { Wishes(outside.ledger) }
    private var convergence: Convergence { Convergence(outside: outside, executor: executor, log: log) }

    /// Performs an operation to its end. It may be one that was begun before: every step finds out what is done already.
    /// - Returns: the release that it made, if it made one.
    func perform(_ operation: TussilagoCore.Operation) async throws(PortError) -> ReleaseNumber? {
        switch operation.request {
        case .createTenant(let name): try await createTenant(name)
        case .deleteTenant(let name): try await deleteTenant(name)
        case .createApp(let app): try await createApp(app)
        case .deleteApp(let app): try await deleteApp(app)
        case .deploy(let app, let deployment): return try await deploy(app, deployment, operation)
        case .start(let app): try await power(app, .on)
        case .stop(let app): try await power(app, .off)
        case .restart(let app):
            try await power(app, .off)
            try await power(app, .on)
        }
        return nil
    }

    private func createTenant(_ name: TenantName) async throws(PortError) {
        let tenant = try await outside.ledger.addTenant(name, id: outside.makeID(), at: outside.now())
        try await reach(DesiredState(tenant: name, tenant))
    }

    private func deleteTenant(_ name: TenantName) async throws(PortError) {
        guard let record = try await outside.ledger.tenant(name) else { return }
        guard record.apps == 0 else {
            throw PortError(.refused, name.rawValue, cause: "it still has \(record.apps) apps")
        }
        try await reach(DesiredState(tenant: name, nil))
        try await outside.ledger.removeTenant(name)
    }

    private func createApp(_ reference: AppReference) async throws(PortError) {
        let tenant = try await wishes.tenant(reference.tenant)
        let app = try await outside.ledger.addApp(reference, id: outside.makeID(), at: outside.now())
        let desired = DesiredApp(app: app, current: nil, kept: [], power: .on)
        try await reach(DesiredState(app: reference, tenant: tenant, desired))
    }

    private func deleteApp(_ reference: AppReference) async throws(PortError) {
        guard try await outside.ledger.app(reference) != nil else { return }
        try await reach(DesiredState(app: reference, tenant: try await wishes.tenant(reference.tenant), nil))
        try await outside.ledger.removeApp(reference)
    }

    /// The new release is started and ready before the old one loses its requests. An error up to that moment goes
    /// back to what was; one after it does not: what is new serves, and the same plan is tried again.
    private func deploy(
        _ reference: AppReference, _ deployment: Deployment, _ operation: TussilagoCore.Operation
    ) async throws(PortError) -> ReleaseNumber {
        let tenant = try await wishes.tenant(reference.tenant)
        let record = try await wishes.app(reference)
        let made = try await ReleaseMaker(outside: outside, log: log)
            .release(deployment, of: record.app, tenant: tenant, by: operation)
        let release = made.release
        // An agent that died after the last step but one left the outcome in the ledger.
        guard made.state == .pending else {
            if made.state != .failed { return release.number }
            throw PortError(
                .startFailed, "release \(release.number)", cause: "it failed before the agent was restarted")
        }
        let before = try await wishes.desired(record, tenant: tenant, power: .asItIs)
        let wasRunning = try await Observer(outside).observe(before).status[reference.target]?.isActive ?? false
        var after = before
        after.app?.current = release
        after.app?.power = .on
        after.app?.kept = Wishes.kept(before.app?.kept ?? [], with: release)
        do throws(Convergence.Failure) { try await convergence.reach(after) } catch {
            if error.error.isTransient { throw error.error }
            if error.committed {
                try await outside.ledger.settleRelease(reference, release.number, as: .current)
                throw error.error
            }
            try await goBack(to: before, power: wasRunning ? .on : .off, from: release, after: error.error)
            throw error.error
        }
        try await outside.ledger.settleRelease(reference, release.number, as: .current)
        return release.number
    }

    /// Plans back to what was. The release stays in the ledger, as failed; its number is not used again.
    func goBack(
        to before: DesiredState, power: DesiredApp.Power, from release: Release, after error: PortError
    ) async throws(PortError) {
        let old = before.app?.current.map { "release \($0.number)" } ?? "no release"
        try await log.event(.goingBack, "going back to \(old): \(error.cause)")
        var state = before
        state.app?.power = power
        do throws(Convergence.Failure) { try await convergence.reach(state) } catch {
            guard !error.error.isTransient else { throw error.error }
            try await withdraw(release, keeping: before.app?.current?.instances ?? [])
        }
        try await outside.ledger.settleRelease(release.app, release.number, as: .failed)
    }

    /// Takes away what a release has on the host, and leaves the rest as it is.
    ///
    /// What stood in the way of the release, such as an admin's own file, may stand in the way back as well.
    private func withdraw(_ release: Release, keeping kept: [Instance]) async throws(PortError) {
        let instances = release.instances.filter { !kept.contains($0) }
        try await executor.perform(.stop(instances.map(\.unit)))
        try await executor.perform(.files(.retire(instances)))
        try await executor.perform(.files(.discard(release.app, [release.number])))
    }

    private func power(_ reference: AppReference, _ power: DesiredApp.Power) async throws(PortError) {
        let desired = try await wishes.desired(
            try await wishes.app(reference), tenant: try await wishes.tenant(reference.tenant), power: power)
        try await reach(desired)
    }

    private func reach(_ desired: DesiredState) async throws(PortError) {
        do throws(Convergence.Failure) { try await convergence.reach(desired) } catch { throw error.error }
    }
}
