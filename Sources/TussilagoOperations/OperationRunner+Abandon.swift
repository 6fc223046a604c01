import TussilagoCore

extension OperationRunner {
    /// Ends a deploy that could not be finished: forward when its release serves already, else back.
    func abandon(_ reference: AppReference, _ operation: Operation, after error: PortError) async throws(PortError) {
        let releases = try await outside.ledger.releases(of: reference, PageQuery(limit: PageQuery.maximumLimit)).items
        let newest = releases.first { $0.operation == operation.id && $0.state == .pending }
        guard let newest,
            let record = try await outside.ledger.app(reference),
            let tenant = try await outside.ledger.tenant(reference.tenant)
        else { return }
        let before = try await Wishes(outside.ledger).desired(record, tenant: tenant.tenant, power: .asItIs)
        let observed = try await Observer(outside).observe(before)
        let serving = newest.release.ingressInstances
        if !serving.isEmpty, observed.installed.upstreams.sorted(by: { $0.key < $1.key }).map(\.value) == serving {
            try await outside.ledger.settleRelease(reference, newest.release.number, as: .current)
        } else {
            try await goBack(to: before, power: .asItIs, from: newest, after: error)
        }
    }
}
