import TussilagoCore

extension OperationRunner {
    /// Ends a deploy that could not be finished: forward when its release serves already, else back.
    func abandon(_ reference: AppReference, _ operation: Operation, after error: PortError) async throws(PortError) {
        let newest = try await outside.ledger.releases(of: reference, PageQuery(limit: 1)).items.first
        guard let newest, newest.operation == operation.id, newest.state == .pending,
            let record = try await outside.ledger.app(reference),
            let tenant = try await outside.ledger.tenant(reference.tenant)
        else { return }
        let before = try await Wishes(outside.ledger).desired(record, tenant: tenant.tenant, power: .asItIs)
        let observed = try await Observer(outside).observe(before)
        if let ingress = newest.release.ingressInstance, observed.installed.upstream == ingress {
            try await outside.ledger.settleRelease(reference, newest.release.number, as: .current)
        } else {
            try await goBack(to: before, power: .asItIs, from: newest.release, after: error)
        }
    }
}
