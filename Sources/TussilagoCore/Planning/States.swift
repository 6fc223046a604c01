/// What shall be, within a scope.
public struct DesiredState: Hashable, Sendable {
    /// How much of the host it is about.
    public var scope: Scope
    /// The tenant; nil when it shall be gone.
    public var tenant: Tenant?
    /// The app; nil when it shall be gone, or when the scope is a tenant.
    public var app: DesiredApp?
    /// What the tenant's apps may reach, when the scope is a tenant.
    public var egress = EgressGrant.none

    /// Describes what shall be of a tenant.
    public init(tenant name: TenantName, _ tenant: Tenant?, egress: EgressGrant) {
        scope = .tenant(name)
        self.tenant = tenant
        self.egress = egress
    }

    /// Describes what shall be of a tenant, as the ledger has it.
    public init(_ record: TenantRecord) {
        self.init(tenant: record.tenant.name, record.tenant, egress: record.egress)
    }

    /// Describes that an app shall be gone.
    public init(gone reference: AppReference) { scope = .app(reference) }

    /// Describes what shall be of an app.
    public init(app reference: AppReference, tenant: Tenant, _ app: DesiredApp?) {
        scope = .app(reference)
        self.tenant = tenant
        self.app = app
    }
}

/// What shall be of one app.
public struct DesiredApp: Hashable, Sendable {
    /// The app.
    public var app: App
    /// The release that shall run; nil before the first.
    public var current: Release?
    /// All releases that are kept, the current one among them.
    public var kept: [Release]
    /// Whether it shall run.
    public var power: Power
    /// Its secrets in all versions that are kept, in their order.
    public var secrets: [SecretRecord]
    /// The unit of its builds, where one is about to be done. Else it stays as it was left: nothing runs by it.
    public var builds: UnitFile?
    /// What runs once before ``current`` serves; nil where that has been, or need not be.
    public var phase: Instance?

    /// Whether an app shall run.
    public enum Power: Hashable, Sendable, CaseIterable {
        /// It runs.
        case on
        /// It is stopped, and stays what the next boot starts.
        case off
        /// If any of it runs, all of it shall run; else it stays stopped.
        case asItIs
        /// As it is, unit by unit: what an admin has stopped or masked stays so, and what has failed is started.
        case asFound
    }

    /// Describes an app.
    public init(app: App, current: Release?, kept: [Release], power: Power, secrets: [SecretRecord] = []) {
        self.app = app
        self.current = current
        self.kept = kept
        self.power = power
        self.secrets = secrets
    }

    /// Whether any release that is kept needs the app's bridge.
    public var hasBridge: Bool { kept.contains { $0.manifest.hasBridge } }

    /// The instances that shall run when the app runs.
    var instances: [Instance] { current?.instances ?? [] }
    /// The route that shall lead to the app.
    var route: AppRoute? { current?.route }
}

/// What is, within a scope.
public struct ObservedState: Hashable, Sendable {
    /// What the files say.
    public var installed: InstalledState
    /// What systemd says, of every unit that the files or the desired state name.
    public var status: [UnitName: UnitStatus]
    /// The route to the app that Caddy was told of.
    public var route: AppRoute?

    /// Describes what is.
    public init(
        installed: InstalledState = InstalledState(), status: [UnitName: UnitStatus] = [:], route: AppRoute? = nil
    ) {
        self.installed = installed
        self.status = status
        self.route = route
    }

    func isActive(_ unit: UnitName) -> Bool { status[unit]?.isActive ?? false }
    func mayRun(_ unit: UnitName) -> Bool { status[unit]?.mayRun ?? false }
}
