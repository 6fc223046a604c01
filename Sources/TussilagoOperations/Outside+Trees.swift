import TussilagoCore

extension Outside {
    /// Has the ledger know how large a tenant's file trees are, and one that is to come, where that counts.
    func measureTrees(of tenant: Tenant, with trees: [Digest] = []) async throws(PortError) {
        guard tenant.quota.disk != nil else { return }
        for tree in try await ledger.unmeasuredTrees(of: tenant.name) + trees {
            try await ledger.note(size: try await units.size(of: tree), of: tree)
        }
    }
}
