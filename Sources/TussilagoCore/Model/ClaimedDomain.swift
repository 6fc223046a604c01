public import FoundationEssentials

/// A hostname of a tenant's own, and whether the tenant has shown that it may use it.
public struct ClaimedDomain: Hashable, Sendable {
    /// The hostname.
    public let hostname: Hostname
    /// Whose it is, or would be.
    public let tenant: TenantName
    /// What the tenant's record must hold. It is the tenant's alone: another tenant's record proves nothing.
    public let challenge: UUID
    /// When it was added.
    public let createdAt: Date
    /// Since when the tenant may use it; nil when it may not yet.
    public let provedAt: Date?
    /// The admin who has vouched for it instead of a proof; nil when the record was found.
    public let voucher: String?

    /// Describes a claim.
    public init(
        hostname: Hostname, tenant: TenantName, challenge: UUID, createdAt: Date, provedAt: Date? = nil,
        voucher: String? = nil
    ) {
        self.hostname = hostname
        self.tenant = tenant
        self.challenge = challenge
        self.createdAt = createdAt
        self.provedAt = provedAt
        self.voucher = voucher
    }

    /// How many a tenant may have.
    public static let limit = 500

    /// The name of the record that proves it.
    public var recordName: String { "_tussilago-challenge.\(hostname)" }
    /// The text of that record (type TXT).
    public var recordText: String { "tussilago-verification=\(challenge.lowercased)" }
}

/// How the host hands hostnames to tenants.
public struct HostnamePolicy: Hashable, Sendable {
    /// The platform's own domains: below each, every tenant has a domain of its name.
    public var suffixes: [Hostname] = []
    /// What other hostnames need.
    public var proof = Proof.required

    /// The defaults.
    public init() {}

    /// What a hostname needs that is not below the platform's own domains.
    public enum Proof: String, Hashable, Sendable, CaseIterable {
        /// A record in the DNS, or an admin who vouches for it.
        case required
        /// Nothing: who comes first has it.
        case none
    }

    /// What a hostname is to a tenant.
    public enum Standing: Hashable, Sendable {
        /// It may use it.
        case own
        /// It must show that it may.
        case custom
        /// It lies below the platform's own domain, and is not the tenant's there.
        case others(suffix: Hostname)
    }

    /// What a hostname is to a tenant: below a suffix, `TENANT.SUFFIX` and all below that are its own.
    public func standing(of hostname: Hostname, for tenant: TenantName) -> Standing {
        let covering = suffixes.filter { hostname == $0 || hostname.text.hasSuffix(".\($0)") }
        if let suffix = covering.max(by: { $0.text.utf8.count < $1.text.utf8.count }) {
            let own = "\(tenant).\(suffix)"
            return hostname.text == own || hostname.text.hasSuffix(".\(own)") ? .own : .others(suffix: suffix)
        }
        return proof == .none ? .own : .custom
    }
}
