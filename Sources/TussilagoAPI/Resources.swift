public import FoundationEssentials
public import TussilagoCore

// What crosses the socket in answers. Keys are in snake case on the wire (``APICoding``); ids are UUIDv4s, times RFC
// 3339. No resource has a uid, an inner path or a network address of the host.

/// A tenant, as the API shows it.
public struct TenantResource: Hashable, Sendable, Codable {
    @LowercaseID public var id: UUID
    public var name: TenantName
    public var createdAt: Date
    public var apps: Int
    /// What its apps may reach.
    public var egress: EgressGrant
    /// What its apps may have beyond the strict policy; absent where that is nothing.
    public var policy: PolicyResource?

    /// Shows a tenant.
    public init(
        id: UUID, name: TenantName, createdAt: Date, apps: Int, egress: EgressGrant = .none,
        policy: PolicyResource? = nil
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.apps = apps
        self.egress = egress
        self.policy = policy
    }
}

/// A hostname of a tenant's own, as the API shows it.
public struct DomainResource: Hashable, Sendable, Codable {
    public var hostname: String
    public var state: State
    /// The name of the record that proves it, of type TXT.
    public var recordName: String
    /// The text of that record.
    public var recordText: String
    public var createdAt: Date
    /// Since when the tenant may use it; absent when it may not yet.
    public var provedAt: Date?
    /// The admin who has vouched for it; absent when nobody had to.
    public var voucher: String?

    /// Whether the tenant may use it.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// Not before its record was found.
        case pending
        /// Its record was found.
        case proved
        /// An admin has vouched for it.
        case vouched
    }

    /// Shows a domain.
    public init(_ domain: ClaimedDomain) {
        hostname = domain.hostname.text
        state = domain.provedAt == nil ? .pending : domain.voucher == nil ? .proved : .vouched
        recordName = domain.recordName
        recordText = domain.recordText
        createdAt = domain.createdAt
        provedAt = domain.provedAt
        voucher = domain.voucher
    }
}

/// An app, as the API shows it.
public struct AppResource: Hashable, Sendable, Codable {
    @LowercaseID public var id: UUID
    public var tenant: TenantName
    public var name: AppName
    public var createdAt: Date
    /// The release that shall run; absent before the first deploy.
    public var release: ReleaseNumber?
    public var hostnames: [String]

    /// Shows an app.
    public init(
        id: UUID, tenant: TenantName, name: AppName, createdAt: Date, release: ReleaseNumber?, hostnames: [String]
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.createdAt = createdAt
        self.release = release
        self.hostnames = hostnames
    }
}

/// How an app is right now, asked of systemd, not of the ledger.
public struct AppStatusResource: Hashable, Sendable, Codable {
    public var app: AppResource
    /// `running`, `starting`, `degraded` (some instances do not run), `stopped`, `failed` or `empty` (never deployed).
    public var state: String
    /// The app's target: the handle for systemctl.
    public var target: String
    public var instances: [InstanceResource]
    /// What runs on a schedule.
    public var jobs: [JobResource]
    /// The last operation about the app.
    public var operation: OperationResource?

    /// Shows how an app is.
    public init(
        app: AppResource, state: String, target: String, instances: [InstanceResource], jobs: [JobResource] = [],
        operation: OperationResource?
    ) {
        self.jobs = jobs
        self.app = app
        self.state = state
        self.target = target
        self.instances = instances
        self.operation = operation
    }
}

/// One running copy of a process.
public struct InstanceResource: Hashable, Sendable, Codable {
    public var process: ProcessName
    public var release: ReleaseNumber
    public var unit: String
    /// systemd's words for its state, as in `systemctl status`: `active`, `running`.
    public var active: String
    public var sub: String

    /// Shows an instance.
    public init(process: ProcessName, release: ReleaseNumber, unit: String, active: String, sub: String) {
        self.process = process
        self.release = release
        self.unit = unit
        self.active = active
        self.sub = sub
    }
}

/// A process that runs on a schedule.
public struct JobResource: Hashable, Sendable, Codable {
    public var process: ProcessName
    public var release: ReleaseNumber
    /// When it runs, as systemd.time(7) writes it.
    public var schedule: String
    /// The unit that starts it, and how that is: `active` when it will.
    public var timer: String
    public var active: String
    /// The unit in which it runs, and how that is: `activating` while it does.
    public var unit: String
    public var running: Bool
    /// When it will run; absent when it will not.
    public var next: Date?
    /// Its last run since the release has been there and the host was booted; absent when there was none.
    public var last: Run?

    /// One run.
    public struct Run: Hashable, Sendable, Codable {
        public var startedAt: Date
        /// Absent while it goes on.
        public var endedAt: Date?
        /// `success`, or systemd's word for why it is none: `exit-code`, `signal`, `timeout`, `oom-kill` … Absent while it
        /// goes on.
        public var result: String?
        /// What it ended with, or the number of the signal that ended it.
        public var status: Int

        /// Shows a run.
        public init(startedAt: Date, endedAt: Date?, result: String?, status: Int) {
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.result = result
            self.status = status
        }
    }

    /// Shows what runs on a schedule.
    public init(
        process: ProcessName, release: ReleaseNumber, schedule: String, timer: String, active: String, unit: String,
        running: Bool, next: Date?, last: Run?
    ) {
        self.process = process
        self.release = release
        self.schedule = schedule
        self.timer = timer
        self.active = active
        self.unit = unit
        self.running = running
        self.next = next
        self.last = last
    }
}

/// A release, as the API shows it.
public struct ReleaseResource: Hashable, Sendable, Codable {
    @LowercaseID public var id: UUID
    public var number: ReleaseNumber
    public var state: ReleaseState
    public var createdAt: Date
    @LowercaseID public var operation: UUID
    public var image: String
    public var imageDigest: String
    /// The digest of the file tree; absent when there is none.
    public var tree: String?
    /// The digest of the archive that it was built of; absent when it was not built.
    public var source: String?
    public var hostnames: [String]
    /// Each process with how many copies of it run: `web=3`.
    public var processes: [String]
    /// Each secret with the version that it has: `DB_PASSWORD@3`.
    public var secrets: [String]
    /// Who asked for it.
    public var caller: String?
    /// Why it was made.
    public var reason: String?
    /// In what it differs from the release before it, in words.
    public var differences: [String]

    /// Shows a release.
    public init(
        id: UUID, number: ReleaseNumber, state: ReleaseState, createdAt: Date, operation: UUID, image: String,
        imageDigest: String, tree: String?, source: String? = nil, hostnames: [String], processes: [String],
        secrets: [String] = [], caller: String?, reason: String?, differences: [String]
    ) {
        self.id = id
        self.number = number
        self.state = state
        self.createdAt = createdAt
        self.operation = operation
        self.image = image
        self.imageDigest = imageDigest
        self.tree = tree
        self.source = source
        self.hostnames = hostnames
        self.processes = processes
        self.secrets = secrets
        self.caller = caller
        self.reason = reason
        self.differences = differences
    }
}

/// A secret of an app. Its value is never shown.
public struct SecretResource: Hashable, Sendable, Codable {
    public var name: SecretName
    /// The version that the next release gets; absent when it was unset, and is shown because a release has it.
    public var version: Int?
    /// When that version was set.
    public var createdAt: Date?
    /// The version that the current release has; absent when it has none.
    public var usedVersion: Int?

    /// Shows a secret.
    public init(name: SecretName, version: Int?, createdAt: Date?, usedVersion: Int?) {
        self.name = name
        self.version = version
        self.createdAt = createdAt
        self.usedVersion = usedVersion
    }
}

/// An operation, as the API shows it.
public struct OperationResource: Hashable, Sendable, Codable {
    @LowercaseID public var id: UUID
    public var kind: Operation.Kind
    /// The tenant that it is about; absent when it is about all of the host.
    public var tenant: TenantName?
    public var app: AppName?
    public var state: Operation.State
    public var attempt: Int
    public var caller: String
    @LowercaseID public var requestId: UUID
    public var acceptedAt: Date
    public var endedAt: Date?
    /// The release that it made or went back to; absent unless it came to that.
    public var release: ReleaseNumber?
    /// Why it failed; absent unless it did.
    public var failure: Operation.Failure?
    /// Whether somebody asked for it to be cancelled.
    public var cancelRequested: Bool

    /// Shows an operation.
    public init(_ operation: Operation) {
        id = operation.id
        kind = operation.request.kind
        tenant = operation.request.tenant
        app = operation.request.app?.app
        state = operation.state
        attempt = operation.attempt
        caller = operation.caller
        requestId = operation.requestID
        acceptedAt = operation.acceptedAt
        endedAt = operation.endedAt
        release = operation.release
        failure = operation.failure
        cancelRequested = operation.cancelRequested
    }
}

/// A route of an app.
public struct RouteResource: Hashable, Sendable, Codable {
    public var hostname: String
    public var app: String

    /// Shows a route.
    public init(hostname: String, app: String) {
        self.hostname = hostname
        self.app = app
    }
}

/// The host and the agent.
public struct StatusResource: Hashable, Sendable, Codable {
    public var version: String
    public var tenants: Int
    public var apps: Int
    public var openOperations: Int
    /// The parts that the platform stands on, each with `ok` or what is wrong.
    public var parts: [Part]

    /// One part that the platform stands on.
    public struct Part: Hashable, Sendable, Codable {
        public var name: String
        public var ok: Bool
        public var detail: String

        /// Shows a part.
        public init(name: String, ok: Bool, detail: String) {
            self.name = name
            self.ok = ok
            self.detail = detail
        }
    }

    /// Shows the host.
    public init(version: String, tenants: Int, apps: Int, openOperations: Int, parts: [Part]) {
        self.version = version
        self.tenants = tenants
        self.apps = apps
        self.openOperations = openOperations
        self.parts = parts
    }
}

/// What is on the host that nothing refers to.
public struct WasteResource: Hashable, Sendable, Codable {
    /// Each thing in words.
    public var items: [String]

    /// Shows what is left over.
    public init(items: [String]) { self.items = items }
}

/// What a deploy would change, and why; nothing of it is done.
public struct PlanResource: Hashable, Sendable, Codable {
    /// The steps in words, in order.
    public var steps: [String]
    /// Every text that would change.
    public var changes: [Change]

    /// One text that would change: a unit file or Caddy's part.
    public struct Change: Hashable, Sendable, Codable {
        /// What it is: a unit file's name, `caddy.json`.
        public var subject: String
        /// Why it changes.
        public var reason: String
        /// What stands there; absent when it is new.
        public var before: String?
        /// What would stand there; absent when it would be gone.
        public var after: String?
        /// Why single lines change, by the key that they begin with.
        public var lines: [LineReason]

        /// Shows a change.
        public init(subject: String, reason: String, before: String?, after: String?, lines: [LineReason] = []) {
            self.subject = subject
            self.reason = reason
            self.before = before
            self.after = after
            self.lines = lines
        }
    }

    /// The same for whom the units' texts are not for: they name users and paths of the host.
    public var withoutTexts: PlanResource {
        PlanResource(
            steps: steps,
            changes: changes.map {
                Change(subject: $0.subject, reason: $0.reason, before: nil, after: nil, lines: $0.lines)
            })
    }

    /// Why the lines of a key change.
    public struct LineReason: Hashable, Sendable, Codable {
        /// The key: `MemoryMax`.
        public var key: String
        /// Where its value comes from.
        public var reason: String

        /// Gives a reason.
        public init(key: String, reason: String) {
            self.key = key
            self.reason = reason
        }
    }

    /// Shows a plan.
    public init(steps: [String], changes: [Change]) {
        self.steps = steps
        self.changes = changes
    }
}

/// A part of a list.
public struct PageResource<Item: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    public var items: [Item]
    /// Give it as `cursor` to get the next part; absent in the last one.
    public var next: String?

    /// Shows a part of a list.
    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}
