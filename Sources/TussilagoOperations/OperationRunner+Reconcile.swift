import TussilagoCore

extension OperationRunner {
    /// Brings each tenant and app to what the ledger says, one after the other. What cannot be repaired is told, and
    /// keeps nothing else from being repaired.
    func reconcile() async throws(PortError) {
        try await outside.ledger.verify(ifDueAt: outside.now())
        var open: [String] = []
        var left = 0
        for release in try await outside.ledger.unfinishedReleases(of: nil) {
            try await log.finding(release.finding, repairs: repairs)
            guard repairs else { continue }
            let scope = Scope.app(release.release.app)
            if try await !claimed(
                scope, { () throws(PortError) in try await abandonUnfinished(of: release.release.app) })
            {
                open.append(scope.description)
            }
        }
        let review = LedgerReview(outside: outside, repairs: repairs, claims: claims)
        let memory = await LookMemory(outside, recalls: true)
        try await Survey(outside).parts(review, memory) { (finding) throws(PortError) in
            try await log.finding(finding, repairs: repairs)
        } visit: { (part) throws(PortError) in
            try halt.check()
            for finding in part.findings where finding.action != .respect {
                try await log.finding(finding, repairs: repairs)
            }
            left += part.findings.count { $0.action == .respect }
            guard repairs, !part.plan.steps.isEmpty else { return }
            let found = part.desired
            if try await !claimed(found.scope, { () throws(PortError) in try await repair(found) }) {
                open.append(found.scope.description)
            }
        }
        try await reconcileServices(&open)
        try await reconcileFirewall()
        // Caddy may have lost what its file says, or somebody may have changed it: with nothing lost this writes nothing.
        do throws(PortError) { if repairs { try await executor.refreshRoutes() } } catch {
            guard error.isTransient else { throw error }
            try await log.finding(Finding(subject: "Caddy", what: error.cause, action: .report))
        }
        await memory.save()
        left += memory.left
        for finding in try await Survey(outside).host(memory.images) { try await log.finding(finding) }
        // A host may have hundreds of apps that somebody has stopped; a look each half hour does not name them all.
        if left > 0 {
            try await log.event(
                .finding, "left as an admin has made them: \(left); tussilago reconcile --dry-run names them")
        }
        guard open.isEmpty else {
            throw PortError(.unexpected, "reconcile", cause: "not repaired: \(open.joined(separator: ", "))")
        }
    }

    /// Loads the table anew if it is not as it was loaded, or does not have what the instances that run shall have.
    private func reconcileFirewall() async throws(PortError) {
        do throws(PortError) {
            let findings = await Survey(outside).firewall()
            for finding in findings { try await log.finding(finding, repairs: repairs) }
            if repairs, findings.contains(where: { $0.action == .repair }) { try await executor.perform(.filter) }
        } catch {
            guard error.code != .damaged else { throw error }
            try await log.finding(Finding(subject: "firewall", what: error.cause, action: .report))
        }
    }

    /// Has apps' databases let in who they shall. A server that does not run lets nobody in, and is not started for this.
    private func reconcileServices(_ open: inout [String]) async throws(PortError) {
        let used = try await outside.ledger.usedServices()
        guard !used.isEmpty, try await outside.services.status(of: [.databases])[.databases]?.isActive == true else {
            return
        }
        for service in used {
            try halt.check()
            let scope = Scope.app(service.app)
            if try await !claimed(scope, { () throws(PortError) in try await services.mend(service, repairs: repairs) })
            {
                open.append(scope.description)
            }
        }
    }

    /// Mends a part of the host, unless an operation is under way there, which does it then.
    /// - Returns: whether it is as it shall be, or will be.
    private func claimed(_ scope: Scope, _ mend: () async throws(PortError) -> Void) async throws(PortError) -> Bool {
        guard await !claims.takeFree([scope]).isEmpty else {
            try await log.finding(
                Finding(subject: scope.description, what: "an operation is under way", action: .respect))
            return true
        }
        let result: Result<Void, PortError>
        do throws(PortError) { result = .success(try await mend()) } catch { result = .failure(error) }
        await claims.give([scope])
        guard case .failure(let error) = result else { return true }
        try await log.finding(
            Finding(subject: scope.description, what: "\(error.subject): \(error.cause)", action: .report))
        return false
    }

    /// The wishes are read again: the app may have been deployed, or deleted, since it was looked at.
    private func repair(_ found: DesiredState) async throws(PortError) {
        switch found.scope {
        case .tenant(let name):
            guard let record = try await outside.ledger.tenant(name) else { return }
            try await reach(DesiredState(record))
        case .app(let app):
            guard let record = try await outside.ledger.app(app) else { return }
            try await reach(
                try await wishes.desired(record, tenant: try await wishes.tenant(app.tenant), power: .asFound))
        }
    }
}

/// Who works on which part of the host. An operation about an app has it; a reconcile takes one after the other.
struct Claims: Sendable {
    /// Takes those parts for oneself that no operation has or waits for.
    let takeFree: @Sendable ([Scope]) async -> [Scope]
    /// Gives them back.
    let give: @Sendable ([Scope]) async -> Void
}
