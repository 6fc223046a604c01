public import FoundationEssentials

/// The bookkeeping: ids, releases, operations, and who owns which hostname. Nothing that systemd or Caddy know better.
///
/// What a call writes is on the disk when it returns, unless it may be left unsynced: then it outlives the agent, and a
/// power failure after the next call that syncs; calls take effect in their order, or not at all. `conflict` is thrown
/// where a row would break a unique index.
public protocol Ledger: DomainBook, ServiceBook {
    // MARK: Operations

    /// Writes a new operation down, unless the same caller used `key` before: then that operation is returned.
    ///
    /// - Parameter waiting: whether it may wait behind others that it must not be under way with.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` when the key was used for another request
    ///   (subject `Idempotency-Key`), or when it may not wait and there is such an open operation (the subject is its
    ///   id); ``PortError/Code-swift.enum/refused`` when too many wait already.
    func accept(_ operation: Operation, key: String?, waiting: Bool) async throws(PortError) -> Operation
    /// Notes that an operation shall be cancelled; one that has ended stays as it is.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such operation.
    func requestCancel(_ operation: UUID) async throws(PortError) -> Operation
    /// Writes an operation's new state, and the events that go with it, in one transaction.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the state has no such edge.
    /// - Parameter synced: whether it is on the disk when this returns.
    func advance(_ operation: Operation, events: [OperationEvent], synced: Bool) async throws(PortError)
    /// Adds events to a running operation.
    /// - Parameter synced: whether they are on the disk when this returns.
    func record(_ events: [OperationEvent], of operation: UUID, synced: Bool) async throws(PortError)
    /// One operation; nil when there is none.
    func operation(_ id: UUID) async throws(PortError) -> Operation?
    /// Operations, newest first.
    func operations(_ query: OperationQuery) async throws(PortError) -> Page<Operation>
    /// The operations that have not ended, oldest first: what is resumed after a crash.
    func openOperations() async throws(PortError) -> [Operation]
    /// An operation's events with a number above `sequence`, at most 1000, in order.
    func events(of operation: UUID, after sequence: Int) async throws(PortError) -> [OperationEvent]

    /// Gives room back on the disk that was kept for when it is full.
    /// - Returns: whether there was any.
    func makeRoom() async -> Bool

    // MARK: Tenants and apps

    /// One tenant; nil when there is none.
    func tenant(_ name: TenantName) async throws(PortError) -> TenantRecord?
    /// Tenants by name.
    func tenants(_ query: PageQuery) async throws(PortError) -> Page<TenantRecord>
    /// Writes a tenant down with the next range that was never given out; the same row again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when all ranges are taken.
    func addTenant(_ name: TenantName, id: UUID, at: Date) async throws(PortError) -> Tenant
    /// Notes what a tenant's apps may reach.
    func setEgress(_ name: TenantName, _ egress: EgressGrant) async throws(PortError)
    /// Notes what a tenant's apps may have beyond the strict policy; nil for nothing.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such tenant.
    func setLoosening(_ loosening: Loosening?, of tenant: TenantName) async throws(PortError)
    /// Removes a tenant that has no apps; nothing if it is not there.
    func removeTenant(_ name: TenantName) async throws(PortError)

    /// One app; nil when there is none.
    func app(_ reference: AppReference) async throws(PortError) -> AppRecord?
    /// A tenant's apps by name, or everyone's.
    func apps(of tenant: TenantName?, _ query: PageQuery) async throws(PortError) -> Page<AppRecord>
    /// Writes an app down with the next network that was never given out, or when all were the first that is free again; the
    /// same row again if it is there.
    func addApp(_ reference: AppReference, id: UUID, at: Date) async throws(PortError) -> App
    /// Removes an app with its releases and hostnames; nothing if it is not there.
    func removeApp(_ reference: AppReference) async throws(PortError)

    /// Marks of all that it says of apps and of their tenants; none of an app that is not there.
    func stamps(of apps: [AppReference]) async throws(PortError) -> [AppReference: Stamp]

    /// All tenants and apps, by name.
    func scopes() async throws(PortError) -> Set<Scope>
    /// Sets the most that a tenant may have. What it has already stays.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such tenant.
    func setQuota(_ quota: Quota, of tenant: TenantName) async throws(PortError)
    /// The file trees of a tenant's releases of which the ledger does not know how large they are.
    func unmeasuredTrees(of tenant: TenantName) async throws(PortError) -> [Digest]
    /// Notes how large a file tree is: trees never change.
    func note(size: Bytes, of tree: Digest) async throws(PortError)

    // MARK: Releases and routes

    /// One release; nil when there is none.
    func release(_ app: AppReference, _ number: ReleaseNumber) async throws(PortError) -> ReleaseRecord?
    /// An app's releases, newest first.
    func releases(of app: AppReference, _ query: PageQuery) async throws(PortError) -> Page<ReleaseRecord>
    /// The newest releases of each of several apps, as many as a page has at most. It takes less than to ask one by one.
    func releases(of apps: [AppReference]) async throws(PortError) -> [AppReference: [ReleaseRecord]]
    /// The last number that any release of the app had, and every text that its templates had.
    func history(of app: AppReference) async throws(PortError) -> ReleaseHistory
    /// Writes a release down as `pending` and claims its hostnames for the app; the same again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` naming a hostname that another app owns,
    ///   ``PortError/Code-swift.enum/quotaExceeded`` when the tenant would have more than it may.
    func addRelease(_ release: Release, by operation: UUID, at: Date) async throws(PortError)
    /// Writes how a release came out: as `current`, its predecessor becomes `superseded` and the hostnames that only
    /// that one had are free again; as `failed`, its own are.
    func settleRelease(_ app: AppReference, _ number: ReleaseNumber, as state: ReleaseState) async throws(PortError)
    /// Makes a superseded release `pending` again, for an operation that goes back to it, and claims its hostnames.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` naming a hostname that another app owns by now,
    ///   ``PortError/Code-swift.enum/refused`` when the release is in another state.
    func reviveRelease(_ app: AppReference, _ number: ReleaseNumber, by operation: UUID) async throws(PortError)
    /// The releases that are pending though the operation that was to have them serve has ended, as many as a page has at
    /// most; of one app, or of all.
    func unfinishedReleases(of app: AppReference?) async throws(PortError) -> [ReleaseRecord]
    /// Forgets releases that are neither current nor pending.
    func removeReleases(_ app: AppReference, _ numbers: [ReleaseNumber]) async throws(PortError)

    // MARK: Secrets

    /// All versions of an app's secrets that are kept, in their order. There are at most ``SecretRecord/mostVersions``.
    func secrets(of app: AppReference) async throws(PortError) -> [SecretRecord]
    /// The same of many apps; those that have none are left out.
    func secrets(of apps: [AppReference]) async throws(PortError) -> [AppReference: [SecretRecord]]
    /// Makes a credential the current version of a secret; the same again if it is there.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the app has too many secrets or versions.
    func addSecret(_ app: AppReference, _ name: SecretName, credential: UUID, at: Date) async throws(PortError)
        -> SecretVersion
    /// Leaves a secret without a current version. Its versions are kept until they are removed.
    func unsetSecret(_ app: AppReference, _ name: SecretName) async throws(PortError)
    /// Forgets versions by their credentials, but for those that are current.
    func removeSecrets(_ app: AppReference, _ credentials: Set<UUID>) async throws(PortError)
    /// All credentials that any app's secrets are in.
    func credentials() async throws(PortError) -> Set<UUID>

    // MARK: Its own health

    /// Whether it is there and sound, at an agent's start: nothing else may have used it yet.
    func condition() async throws(PortError) -> LedgerCondition
    /// Looks through all of it.
    /// - Throws: ``PortError/Code-swift.enum/damaged`` when it is not sound.
    func verify() async throws(PortError)
    /// Looks through all of it, unless that was done within the last day. What is read is checked each time.
    /// - Throws: what ``verify()`` throws.
    func verify(ifDueAt now: Date) async throws(PortError)
    /// Writes it anew from what the host's files say, and keeps what it was beside it. Operations are not in the files.
    func rebuild(from records: HostRecords, because reason: String, at: Date) async throws(PortError)
    /// In what it differs from what the host's files say, in words.
    /// - Parameter repairing: whether it shall take what the files say.
    func compare(_ records: HostRecords, repairing: Bool) async throws(PortError) -> [LedgerDifference]
    /// When it was written anew last, and why; nil when that never happened.
    func lastRebuild() async throws(PortError) -> LedgerRebuild?

    // MARK: Copies

    /// Writes what it is now to another file, in one piece, and says where; whoever asked discards it.
    func snapshot() async throws(PortError) -> String
    /// A ledger in another file, such as a snapshot.
    func copy(at path: String) -> any Ledger
    /// Removes a copy; nothing if it is not there.
    func discard(copy path: String)
    /// Where a ledger is put that shall be taken over.
    var incoming: String { get }
    /// Takes over all that another ledger has, or nothing of it. Operations that were open there have failed.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` when there are tenants already.
    func takeOver(_ path: String, by operation: UUID, at: Date) async throws(PortError)
    /// Whether an operation has taken another ledger over already.
    func hasTakenOver(by operation: UUID) async throws(PortError) -> Bool
}

/// How a ledger is found at the start.
public enum LedgerCondition: Hashable, Sendable {
    case sound
    /// There is none: the host is new, or it was lost.
    case missing
    /// It is not as it was written; why, for the journal.
    case damaged(String)
}

/// Something in which a ledger differs from the host's files.
public struct LedgerDifference: Hashable, Sendable {
    /// What it is about.
    public let scope: Scope
    /// What is different.
    public let what: String

    /// Describes a difference.
    public init(_ scope: Scope, _ what: String) {
        self.scope = scope
        self.what = what
    }
}

/// That a ledger was written anew.
public struct LedgerRebuild: Hashable, Sendable {
    /// When.
    public let at: Date
    /// Why.
    public let reason: String

    /// Describes it.
    public init(at: Date, reason: String) {
        self.at = at
        self.reason = reason
    }
}

/// What became of a release.
public enum ReleaseState: String, Hashable, Sendable, Codable, CaseIterable {
    case pending, current, superseded, failed
}

/// A tenant as the ledger has it.
public struct TenantRecord: Hashable, Sendable {
    /// The tenant.
    public let tenant: Tenant
    /// When it was created.
    public let createdAt: Date
    /// How many apps it has.
    public let apps: Int
    /// What its apps may reach.
    public let egress: EgressGrant

    /// Makes a record of its parts.
    public init(tenant: Tenant, createdAt: Date, apps: Int, egress: EgressGrant = .none) {
        self.tenant = tenant
        self.createdAt = createdAt
        self.apps = apps
        self.egress = egress
    }

    /// Checks what a manifest asks for against what the tenant was granted.
    /// - Throws: ``PortError/Code-swift.enum/refused``, with the subject `egress` or `sandbox`.
    public func allow(_ manifest: Manifest) throws(PortError) {
        try allow(manifest.egress)
        guard let excess = tenant.loosening.excess(of: manifest.sandbox), let asked = manifest.sandbox else { return }
        let kind = excess.kind
        throw PortError(
            .refused, "sandbox",
            cause:
                "\(kind.key) would be \(kind.text(asked.amount(kind))), and the policy of tenant \(tenant.name) allows "
                + "\(kind.text(excess.most))")
    }

    private func allow(_ egress: Egress?) throws(PortError) {
        guard let egress, !self.egress.covers(egress) else { return }
        let has = self.egress == .none ? "nothing" : "egress \"\(self.egress.rawValue)\" only"
        throw PortError(
            .refused, "egress",
            cause: "it asks for \(egress), and tenant \(tenant.name) was granted \(has)")
    }
}

/// An app as the ledger has it.
public struct AppRecord: Hashable, Sendable {
    /// The app.
    public let app: App
    /// When it was created.
    public let createdAt: Date
    /// The release that shall run; nil before the first.
    public let current: Release?

    /// Makes a record of its parts.
    public init(app: App, createdAt: Date, current: Release?) {
        self.app = app
        self.createdAt = createdAt
        self.current = current
    }
}

/// A release as the ledger has it.
public struct ReleaseRecord: Hashable, Sendable {
    /// The release.
    public let release: Release
    /// When it was made.
    public let createdAt: Date
    /// What became of it.
    public let state: ReleaseState
    /// The operation that made it.
    public let operation: UUID

    /// Makes a record of its parts.
    public init(release: Release, createdAt: Date, state: ReleaseState, operation: UUID) {
        self.release = release
        self.createdAt = createdAt
        self.state = state
        self.operation = operation
    }
}

extension ReleaseRecord {
    /// Whether it is pending because an operation goes back to it, not because one makes it.
    public var isRevived: Bool { state == .pending && release.origin.map { $0.operation != operation } ?? false }
}

/// What has been of an app's releases.
public struct ReleaseHistory: Hashable, Sendable {
    /// The highest number that was given out; nil before the first.
    public var last: ReleaseNumber?
    /// Each process's templates of the releases that are kept.
    public var templates: [ProcessName: [Release.Template]]
    /// The highest generation that each process ever had.
    public var generations: [ProcessName: Int]

    /// Describes a history.
    public init(
        last: ReleaseNumber? = nil, templates: [ProcessName: [Release.Template]] = [:],
        generations: [ProcessName: Int] = [:]
    ) {
        self.last = last
        self.templates = templates
        self.generations = generations
    }

    /// The template for a text: the one that has it already, or the next generation.
    public func template(for process: ProcessName, text: String) -> Release.Template {
        if let same = templates[process]?.first(where: { $0.text == text }) { return same }
        return Release.Template(generation: (generations[process] ?? 0) + 1, text: text)
    }
}

/// Which part of a list is asked for.
public struct PageQuery: Hashable, Sendable {
    /// At most so many, 1 to 100.
    public var limit: Int
    /// Where the page before this one ended, as that page said; nil for the first.
    public var cursor: String?
    /// Only what these tenants have; nil for all that there is.
    public var tenants: Set<TenantName>?

    /// How many there are in a page at most.
    public static let maximumLimit = 100
    /// How many there are in a page when nobody says.
    public static let defaultLimit = 50

    /// Asks for a page.
    public init(
        limit: Int = PageQuery.defaultLimit, cursor: String? = nil, tenants: Set<TenantName>? = nil
    ) {
        self.limit = min(max(limit, 1), Self.maximumLimit)
        self.cursor = cursor
        self.tenants = tenants
    }
}

/// Which operations are asked for.
public struct OperationQuery: Hashable, Sendable {
    /// Which part of the list.
    public var page: PageQuery
    /// Only those about this tenant.
    public var tenant: TenantName?
    /// Only those about this app of the tenant.
    public var app: AppName?
    /// Only those in this state.
    public var state: Operation.State?

    /// Asks for operations.
    public init(
        page: PageQuery = PageQuery(), tenant: TenantName? = nil, app: AppName? = nil, state: Operation.State? = nil
    ) {
        self.page = page
        self.tenant = tenant
        self.app = app
        self.state = state
    }
}

/// One part of a list.
public struct Page<Item: Sendable>: Sendable {
    /// The items.
    public var items: [Item]
    /// Where to go on; nil when this was the last page.
    public var next: String?

    /// Makes a page.
    public init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }

    /// The page with every item turned into another.
    public func map<Other>(_ transform: (Item) -> Other) -> Page<Other> {
        Page<Other>(items: items.map(transform), next: next)
    }
}

extension Page: Equatable where Item: Equatable {}
