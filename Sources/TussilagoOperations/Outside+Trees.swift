import TussilagoCore

extension Outside {
    /// Has the ledger know how large a tenant's file trees are, and one that is to come, where that counts.
    func measureTrees(of tenant: Tenant, with tree: Digest? = nil) async throws(PortError) {
        guard tenant.quota.disk != nil else { return }
        var trees = try await ledger.unmeasuredTrees(of: tenant.name)
        if let tree { trees.append(tree) }
        for tree in trees { try await ledger.note(size: try await units.size(of: tree), of: tree) }
    }
}
