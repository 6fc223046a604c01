import TussilagoCore

extension OperationRunner {
    /// Ends a deploy that could not be finished: forward when its release serves already, else back.
    func abandon(_ reference: AppReference, _ operation: TussilagoCore.Operation, after error: PortError)
        async throws(PortError)
    {
        let releases = try await outside.ledger.releases(of: reference, PageQuery(limit: PageQuery.maximumLimit)).items
        let pending = releases.first { $0.operation == operation.id && $0.state == .pending }
        if let pending { try await abandon(pending, after: error) }
    }

    /// Ends what operations that have ended left pending of an app: what was needed to go back may have been away in the
    /// last attempt as well. Until then a release keeps its hostnames, since Caddy may have been told of them.
    func abandonUnfinished(of reference: AppReference) async throws(PortError) {
        for release in try await outside.ledger.unfinishedReleases(of: reference) {
            try await abandon(release, after: release.unfinished)
        }
    }

    private func abandon(_ pending: ReleaseRecord, after error: PortError) async throws(PortError) {
        let release = pending.release
        guard let record = try await outside.ledger.app(release.app),
            let tenant = try await outside.ledger.tenant(release.app.tenant)
        else { return }
        // The files alone tell it: systemd or Caddy may be what is away.
        let upstreams = try await outside.units.observe(.app(release.app)).upstreams
        let serving = release.ingressInstances
        if !serving.isEmpty, upstreams.sorted(by: { $0.key < $1.key }).map(\.value) == serving {
            try await outside.ledger.settleRelease(release.app, release.number, as: .current)
        } else {
            let before = try await wishes.desired(record, tenant: tenant.tenant, power: .asItIs)
            try await goBack(to: before, power: .asItIs, from: pending, after: error)
        }
    }
}

extension ReleaseRecord {
    /// Why a release is gone back from whose operation has ended.
    var unfinished: PortError {
        PortError(
            .unavailable, "\(release.app) release \(release.number)",
            cause: "the operation that was to have it serve has ended without it")
    }

    /// The same as a reconcile finds it.
    var finding: Finding {
        Finding(
            subject: release.app.description, what: "release \(release.number) is still pending: \(unfinished.cause)",
            action: .repair)
    }
}
