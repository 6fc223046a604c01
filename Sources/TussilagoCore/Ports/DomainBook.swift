public import FoundationEssentials

/// Which hostnames tenants have shown to be theirs. A part of the ledger.
public protocol DomainBook: Sendable {
    /// A tenant's claim on a hostname; nil when it has none.
    func domain(_ hostname: Hostname, of tenant: TenantName) async throws(PortError) -> ClaimedDomain?
    /// A tenant's claims by hostname; at most ``ClaimedDomain/limit``.
    func domains(of tenant: TenantName) async throws(PortError) -> [ClaimedDomain]
    /// Writes a claim down that is not proved yet; the same row again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the tenant has too many.
    func addDomain(
        _ hostname: Hostname, of tenant: TenantName, challenge: UUID, at: Date
    ) async throws(PortError) -> ClaimedDomain
    /// Notes that a tenant may use a hostname that it has a claim on, and from then on no other tenant.
    ///
    /// What another tenant has by an admin's word alone, and does not use, goes over.
    /// - Parameter voucher: the admin who has vouched for it; nil when the record was found.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` when another tenant has proved it, or uses it.
    func proveDomain(
        _ hostname: Hostname, of tenant: TenantName, voucher: String?, at: Date
    ) async throws(PortError)
    /// Removes a claim; nothing if it is not there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when an app of the tenant has the hostname.
    func removeDomain(_ hostname: Hostname, of tenant: TenantName) async throws(PortError)
}

/// Answers of the DNS, from the host's own resolver.
public protocol NameResolver: Sendable {
    /// The texts of a name's TXT records, asked for anew; none when it has none.
    /// - Throws: ``PortError/Code-swift.enum/unavailable`` when the resolver does not run, or gets no answer.
    func texts(of name: String) async throws(PortError) -> [String]
}
