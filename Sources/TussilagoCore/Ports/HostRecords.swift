public import FoundationEssentials

/// What the host's own files say of tenants, apps and releases: enough to write a lost ledger anew, and to tell whether
/// a ledger that is there says the same.
public struct HostRecords: Hashable, Sendable {
    /// The tenants that any file names, by name.
    public let tenants: [FoundTenant]
    /// The apps that any file names, by name.
    public let apps: [FoundApp]

    /// What was found of a tenant.
    public struct FoundTenant: Hashable, Sendable {
        /// What its files say; first what most of them say.
        public let versions: [Tenant]
        /// When the oldest of its files was written.
        public let createdAt: Date
        /// Its quota, as its slice has it.
        public let quota: Quota
        /// What its apps may have beyond the strict policy, as its slice has it.
        public let loosening: Loosening?
    }

    /// What was found of an app.
    public struct FoundApp: Hashable, Sendable {
        /// What its files say; first what most of them say.
        public let versions: [App]
        /// When the oldest of its files was written.
        public let createdAt: Date
        let remains: Remains

        /// Its releases' own records, by number.
        public var stored: [StoredRelease] { remains.releases }

        /// Its releases by number. The one that serves is `current`, all others are `superseded`. A record that cannot be
        /// read is left out. Each is parsed for this: where the text is enough there is ``stored``.
        public var releases: [ReleaseRecord] {
            versions.first.map { HostRecords.records(remains, of: $0.reference) } ?? []
        }
        /// Its secrets in all versions that are kept.
        public var secrets: [SecretRecord] { remains.secrets }
    }

    /// What there is of an app beside its unit files.
    public struct Remains: Hashable, Sendable {
        /// The releases, as their own records have them.
        public var releases: [StoredRelease] = []
        /// The instances that the upstreams lead to.
        public var upstreams: [Int: Instance] = [:]
        /// What the app's target starts.
        public var wants: Set<UnitName> = []
        /// What is noted of its secrets.
        public var secrets: [SecretRecord] = []

        /// Nothing yet.
        public init() {}
    }

    /// A release's own record.
    public struct StoredRelease: Hashable, Sendable {
        /// The number that it is kept under.
        public let number: ReleaseNumber
        /// What stands in it: ``Release/text()``, unless it was damaged.
        public let text: String
        /// When the record was written.
        public let modified: Date

        /// Ties what stands in a record to the time when it was written.
        public init(_ number: ReleaseNumber, text: String, modified: Date) {
            self.number = number
            self.text = text
            self.modified = modified
        }

        /// The release; nil when the text is no record of the release that it should be.
        func release(of app: AppReference) -> Release? { Release(record: text, of: app, number) }
    }

    /// Puts together what the files of tenants and apps say.
    public init(_ files: [ScopeFiles]) {
        var remains: [AppReference: Remains] = [:]
        for files in files {
            guard case .app(let app) = files.scope else { continue }
            remains[app] = Remains()
            remains[app]?.releases = files.releases
            remains[app]?.upstreams = files.installed.upstreams
            remains[app]?.wants = files.installed.wants[app.target] ?? []
            remains[app]?.secrets = files.installed.secrets
        }
        self.init(units: files.flatMap(\.units), remains: remains)
    }

    /// Puts together what was found. An app of which no unit file is left has no id, and is left out.
    public init(units: [UnitRecord], remains: [AppReference: Remains]) {
        tenants = Dictionary(grouping: units, by: \.tenant.name).sorted { $0.key < $1.key }.map { _, units in
            FoundTenant(
                versions: Self.versions(units.map(\.tenant)), createdAt: Self.oldest(units),
                quota: units.lazy.compactMap(\.quota).first ?? Quota(),
                loosening: units.lazy.compactMap(\.loosening).first)
        }
        let ofApps = Dictionary(grouping: units.filter { $0.app != nil }) { $0.app?.reference }
        apps = ofApps.compactMap { reference, units in
            reference.map { reference in
                var remains = remains[reference] ?? Remains()
                remains.releases.sort { $0.number < $1.number }
                return FoundApp(
                    versions: Self.versions(units.compactMap(\.app)), createdAt: Self.oldest(units), remains: remains)
            }
        }
        .sorted { ($0.versions.first?.reference.description ?? "") < ($1.versions.first?.reference.description ?? "") }
    }

    /// Each version once, the most frequent first; of equally many the one that came first.
    private static func versions<Value: Hashable>(_ all: [Value]) -> [Value] {
        var counts: [Value: Int] = [:], order: [Value] = []
        for value in all {
            if counts[value] == nil { order.append(value) }
            counts[value, default: 0] += 1
        }
        return order.enumerated().sorted { left, right in
            (counts[right.element] ?? 0, left.offset) < (counts[left.element] ?? 0, right.offset)
        }.map(\.element)
    }

    private static func oldest(_ units: [UnitRecord]) -> Date { units.map(\.modified).min() ?? .distantPast }

    private static func records(_ remains: Remains, of app: AppReference) -> [ReleaseRecord] {
        let read = remains.releases.compactMap { stored in
            stored.release(of: app).map { (release: $0, modified: stored.modified) }
        }
        let current = current(remains, among: Set(read.map(\.release.number)))
        return read.map { release, modified in
            // One of an early version has no origin: the release's own id stands for the operation's.
            ReleaseRecord(
                release: release, createdAt: release.origin?.at ?? modified,
                state: release.number == current ? .current : .superseded,
                operation: release.origin?.operation ?? release.id)
        }
    }

    /// The release that serves: the one that all upstreams lead to. Where they do not agree, since a deploy was cut, or
    /// lead nowhere, since the app takes no requests, the one that the target starts: it is told last.
    private static func current(_ remains: Remains, among staged: Set<ReleaseNumber>) -> ReleaseNumber? {
        let served = staged.intersection(remains.upstreams.values.map(\.release))
        let wanted = staged.intersection(remains.wants.compactMap { Instance(unit: $0)?.release })
        if served.count == 1 { return served.first }
        if wanted.count == 1 { return wanted.first }
        // Nothing that is there is given up: an app with releases has one of them.
        return served.max() ?? wanted.max() ?? staged.max()
    }
}
