import TussilagoCore

extension Ledger {
    /// Goes over all tenants, a page at a time.
    func forTenants(_ visit: ([TenantRecord]) async throws(PortError) -> Void) async throws(PortError) {
        var cursor: String?
        repeat {
            let page = try await tenants(PageQuery(limit: PageQuery.maximumLimit, cursor: cursor))
            try await visit(page.items)
            cursor = page.next
        } while cursor != nil
    }

    /// Goes over the apps of a tenant, or over everyone's, a page at a time.
    func forApps(
        of tenant: TenantName? = nil, _ visit: ([AppRecord]) async throws(PortError) -> Void
    ) async throws(PortError) {
        var cursor: String?
        repeat {
            let page = try await apps(of: tenant, PageQuery(limit: PageQuery.maximumLimit, cursor: cursor))
            try await visit(page.items)
            cursor = page.next
        } while cursor != nil
    }
}
