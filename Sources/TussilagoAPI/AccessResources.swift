public import FoundationEssentials
public import TussilagoCore

// Who may do what, how much, and who did: as it crosses the socket.

/// `POST /v1/grants` and `POST /v1/tenants/{tenant}/grants`.
public struct GrantRequest: Hashable, Sendable, Codable {
    /// `user:NAME` or `group:NAME`.
    public var grantee: String
    public var role: Role

    /// Asks for a grant.
    public init(grantee: String, role: Role) {
        self.grantee = grantee
        self.role = role
    }
}

/// `POST /v1/tokens` and `POST /v1/tenants/{tenant}/tokens`.
public struct TokenRequest: Hashable, Sendable, Codable {
    public var name: String
    public var role: Role
    /// How long it counts, in seconds.
    public var expiresIn: Int

    /// Asks for a token.
    public init(name: String, role: Role, expiresIn: Int) {
        self.name = name
        self.role = role
        self.expiresIn = expiresIn
    }
}

/// `POST /v1/tenants/{tenant}/quota`: sizes in bytes, `cpu` in percent of one processor. What is absent has no limit.
public typealias QuotaRequest = QuotaAmounts

/// An amount of each kind; absent where there is none.
public struct QuotaAmounts: Hashable, Sendable, Codable {
    public var apps: Int64?
    public var instances: Int64?
    public var memory: Int64?
    public var cpu: Int64?
    public var disk: Int64?
    public var hostnames: Int64?

    /// None.
    public init() {}

    /// The amounts of a quota.
    public init(_ quota: Quota) { for kind in Quota.Kind.allCases { self[kind] = quota[kind] } }

    /// What is used.
    public init(_ usage: Usage) { for kind in Quota.Kind.allCases { self[kind] = usage[kind] } }

    /// The amount of a kind.
    public subscript(_ kind: Quota.Kind) -> Int64? {
        get {
            switch kind {
            case .apps: apps
            case .instances: instances
            case .memory: memory
            case .cpu: cpu
            case .disk: disk
            case .hostnames: hostnames
            }
        }
        set {
            switch kind {
            case .apps: apps = newValue
            case .instances: instances = newValue
            case .memory: memory = newValue
            case .cpu: cpu = newValue
            case .disk: disk = newValue
            case .hostnames: hostnames = newValue
            }
        }
    }

    /// The quota that they make.
    public var quota: Quota {
        var quota = Quota()
        for kind in Quota.Kind.allCases { quota[kind] = self[kind] }
        return quota
    }
}

/// `POST /v1/tenants/{tenant}/policy`, and what a tenant has: the most that manifests may ask for, where it is more than the
/// strict policy has, and why. Nothing at all is the strict policy.
public struct PolicyResource: Hashable, Sendable, Codable {
    /// In bytes.
    public var sharedMemory: Int64?
    /// In seconds.
    public var stop: Int64?
    /// In seconds.
    public var release: Int64?
    /// In ten seconds.
    public var logLines: Int64?
    public var reason: String?

    /// The strict policy.
    public init() {}

    /// What an admin has allowed.
    public init(_ loosening: Loosening) {
        reason = loosening.reason
        for kind in SandboxLimits.Kind.allCases { self[kind] = loosening.limits[kind] }
    }

    /// The amount of a kind.
    public subscript(_ kind: SandboxLimits.Kind) -> Int64? {
        get {
            switch kind {
            case .sharedMemory: sharedMemory
            case .stop: stop
            case .release: release
            case .logLines: logLines
            }
        }
        set {
            switch kind {
            case .sharedMemory: sharedMemory = newValue
            case .stop: stop = newValue
            case .release: release = newValue
            case .logLines: logLines = newValue
            }
        }
    }
}

/// That someone has a role.
public struct GrantResource: Hashable, Sendable, Codable {
    /// Where; absent for all of the host.
    public var tenant: TenantName?
    public var grantee: String
    public var role: Role
    /// Who granted it.
    public var by: String
    public var at: Date
    /// Whether it counts: not when the account is gone, or was made anew since.
    public var live: Bool

    /// Shows a grant.
    public init(_ grant: Grant, live: Bool) {
        tenant = grant.realm.tenant
        grantee = grant.grantee.description
        role = grant.role
        by = grant.by
        at = grant.at
        self.live = live
    }
}

/// A token, without its secret.
public struct TokenResource: Hashable, Sendable, Codable {
    @LowercaseID public var id: UUID
    /// Where it counts; absent for all of the host.
    public var tenant: TenantName?
    public var name: TokenName
    public var role: Role
    /// Who made it.
    public var by: String
    public var at: Date
    public var expiresAt: Date
    public var expired: Bool

    /// Shows a token.
    public init(_ token: Token, now: Date) {
        id = token.id
        tenant = token.realm.tenant
        name = token.name
        role = token.role
        by = token.by
        at = token.at
        expiresAt = token.expiresAt
        expired = token.expiresAt <= now
    }
}

/// A token with its secret: it is shown this once.
public struct IssuedTokenResource: Hashable, Sendable, Codable {
    public var token: TokenResource
    public var secret: String

    /// Shows a new token.
    public init(token: TokenResource, secret: String) {
        self.token = token
        self.secret = secret
    }
}

/// How much a tenant may have, and has.
public struct QuotaResource: Hashable, Sendable, Codable {
    public var tenant: TenantName
    public var limits: QuotaAmounts
    public var used: QuotaAmounts

    /// Shows a quota.
    public init(tenant: TenantName, limits: QuotaAmounts, used: QuotaAmounts) {
        self.tenant = tenant
        self.limits = limits
        self.used = used
    }
}

/// A record of the audit. `hash` is the SHA-256 of ``AuditRecord/seal``.
public struct AuditResource: Hashable, Sendable, Codable {
    @LowercaseID public var chain: UUID
    public var sequence: Int
    public var at: Date
    /// The same in microseconds since 1970, as it is hashed.
    public var time: Int64
    public var caller: String
    public var verb: String
    public var subject: String
    public var tenant: String?
    public var outcome: AuditEntry.Outcome
    @LowercaseID public var request: UUID
    @OptionalLowercaseID public var operation: UUID?
    public var detail: String?
    public var previous: String
    public var hash: String

    /// Shows a record.
    public init(_ record: AuditRecord) {
        let entry = record.entry
        chain = record.chain
        sequence = record.sequence
        at = entry.at
        time = entry.at.microseconds
        caller = entry.caller
        verb = entry.verb
        subject = entry.subject
        tenant = entry.tenant
        outcome = entry.outcome
        request = entry.requestID
        operation = entry.operation
        detail = entry.detail.isEmpty ? nil : entry.detail
        previous = record.previous
        hash = record.hash
    }

    /// The record, as it was written.
    public var record: AuditRecord {
        let entry = AuditEntry(
            at: Date(timeIntervalSince1970: Double(time) / 1e6), caller: caller, verb: verb, subject: subject,
            tenant: tenant, outcome: outcome, requestID: request, operation: operation, detail: detail ?? "")
        return AuditRecord(chain: chain, sequence: sequence, entry: entry, previous: previous, hash: hash)
    }
}

/// Whether the records are as they were written.
public struct AuditReportResource: Hashable, Sendable, Codable {
    /// Oldest first; the last one grows. Between two of them records may be missing: `reason` says so.
    public var chains: [Chain]

    /// One chain.
    public struct Chain: Hashable, Sendable, Codable {
        @LowercaseID public var id: UUID
        public var begunAt: Date
        /// Why it began.
        public var reason: String
        /// How many of its oldest records were dropped.
        public var dropped: Int
        /// The number of its last record.
        public var records: Int
        /// The hash of its last record.
        public var head: String
        /// The number of the first record that is not as it was written; absent when all are.
        public var brokenRecord: Int?
        /// What is wrong with it.
        public var what: String?

        /// Shows a chain.
        public init(_ chain: AuditChain, _ fault: AuditFault?) {
            id = chain.id
            begunAt = chain.begunAt
            reason = chain.reason
            dropped = chain.dropped
            records = chain.last
            head = chain.head
            brokenRecord = fault?.record
            what = fault?.what
        }
    }

    /// Reports.
    public init(chains: [Chain]) { self.chains = chains }
}
