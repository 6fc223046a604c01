/// The most that a tenant may have, counted and added up over all of its apps. What is nil has no limit.
public struct Quota: Hashable, Sendable, Codable {
    /// Apps.
    public var apps: Int?
    /// Instances: the copies of all processes.
    public var instances: Int?
    /// Memory, in bytes: the limits of all instances together. The tenant's slice holds them to it (`MemoryMax=`).
    public var memory: Bytes?
    /// Processor time, in percent of one processor. The tenant's slice holds them to it (`CPUQuota=`).
    public var cpuPercent: Int?
    /// File trees of releases that are kept, in bytes.
    public var disk: Bytes?
    /// Hostnames.
    public var hostnames: Int?

    /// No limit at all, but for those that are given.
    public init(
        apps: Int? = nil, instances: Int? = nil, memory: Bytes? = nil, cpuPercent: Int? = nil, disk: Bytes? = nil,
        hostnames: Int? = nil
    ) {
        self.apps = apps
        self.instances = instances
        self.memory = memory
        self.cpuPercent = cpuPercent
        self.disk = disk
        self.hostnames = hostnames
    }

    /// Whether nothing is limited.
    public var isEmpty: Bool { self == Quota() }

    /// The limit of a kind, in its own unit; nil when it has none.
    public subscript(_ kind: Kind) -> Int64? {
        get {
            switch kind {
            case .apps: apps.map(Int64.init)
            case .instances: instances.map(Int64.init)
            case .memory: memory?.count
            case .cpu: cpuPercent.map(Int64.init)
            case .disk: disk?.count
            case .hostnames: hostnames.map(Int64.init)
            }
        }
        set {
            let count = newValue.map { Int(clamping: $0) }
            switch kind {
            case .apps: apps = count
            case .instances: instances = count
            case .memory: memory = newValue.map { Bytes($0) }
            case .cpu: cpuPercent = count
            case .disk: disk = newValue.map { Bytes($0) }
            case .hostnames: hostnames = count
            }
        }
    }

    /// What is counted.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable, AmountKind {
        case apps, instances, memory, cpu, disk, hostnames

        /// The limits that it can have, in its own unit: counts, bytes, percent of one processor.
        public var range: ClosedRange<Int64> {
            switch self {
            case .apps, .instances, .hostnames: 0...100_000
            case .memory: 0...(1 << 50)
            case .cpu: 1...1_000_000
            case .disk: 0...(1 << 60)
            }
        }

        /// An amount for people: `4G`, `400%`, `5`.
        public func text(_ amount: Int64) -> String {
            switch self {
            case .memory, .disk: Bytes(amount).description
            case .cpu: "\(amount)%"
            case .apps, .instances, .hostnames: "\(amount)"
            }
        }
    }
}

extension Quota {
    /// As it stands in the tenant's slice, from which a lost ledger is written anew: `apps=5 memory=4294967296`.
    public var text: String {
        Kind.text { self[$0] }
    }

    /// Reads it back; nil when it is not what ``text`` writes.
    public init?(text: some StringProtocol) {
        guard let amounts = Kind.amounts(in: text) else { return nil }
        self.init()
        for (kind, amount) in amounts { self[kind] = amount }
    }
}

/// How much a tenant has, or an app.
public struct Usage: Hashable, Sendable {
    private var amounts: [Quota.Kind: Int64]

    /// Nothing.
    public init() { amounts = [:] }

    /// What a release takes: all that may run of it, whether it does or not.
    public init(_ manifest: Manifest) {
        self.init()
        for process in manifest.processes {
            let count = Int64(process.count)
            self[.instances] += count
            self[.memory] += count * process.limits.memory.count
            self[.cpu] += count * Int64(process.limits.cpuPercent)
        }
        self[.hostnames] = Int64(manifest.hostnames.count)
    }

    /// The amount of a kind, in its own unit.
    public subscript(_ kind: Quota.Kind) -> Int64 {
        get { amounts[kind] ?? 0 }
        set { amounts[kind] = newValue }
    }

    /// Both together.
    public static func + (left: Usage, right: Usage) -> Usage {
        var sum = left
        for kind in Quota.Kind.allCases { sum[kind] += right[kind] }
        return sum
    }

    /// Of each kind what is more: a release that is being made runs, or the one that it goes back to.
    public func most(_ other: Usage) -> Usage {
        var most = self
        for kind in Quota.Kind.allCases { most[kind] = max(self[kind], other[kind]) }
        return most
    }
}

extension Quota {
    /// Refuses what would be more than a limit, and more than there is now: what is above a limit that was lowered may
    /// become less.
    /// - Throws: ``PortError/Code-swift.enum/quotaExceeded`` with the first kind that is exceeded.
    public func check(_ wanted: Usage, now: Usage, of tenant: TenantName) throws(PortError) {
        for kind in Kind.allCases {
            guard let limit = self[kind], wanted[kind] > limit, wanted[kind] > now[kind] else { continue }
            throw PortError(
                .quotaExceeded, kind.rawValue,
                cause: """
                    tenant \(tenant) has \(kind.text(now[kind])) and would have \(kind.text(wanted[kind])); \
                    its quota is \(kind.text(limit))
                    """)
        }
    }
}
