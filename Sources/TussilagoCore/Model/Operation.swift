public import FoundationEssentials

/// One durable change that was asked for: written down before anything happens, finished or undone whatever happens.
public struct Operation: Hashable, Sendable, Codable, Identifiable {
    /// The operation's id, for the outside.
    public let id: UUID
    /// What was asked for.
    public let request: Request
    /// Who asked: a name for the outside, never a number.
    public let caller: String
    /// The id of the HTTP request that asked, by which the journal has the detail.
    public let requestID: UUID
    /// When it was accepted.
    public let acceptedAt: Date
    /// Where it is.
    public var state: State
    /// How often it was begun: more than once after a crash, or after a failure that passed.
    public var attempt: Int
    /// When it ended.
    public var endedAt: Date?
    /// Why it failed.
    public var failure: Failure?
    /// The release that it made or went back to, if it did.
    public var release: ReleaseNumber?
    /// Whether somebody asked for it to be cancelled. It is, unless it has come too far for that.
    public var cancelRequested = false

    /// Accepts a request.
    public init(id: UUID, request: Request, caller: String, requestID: UUID, acceptedAt: Date) {
        self.id = id
        self.request = request
        self.caller = caller
        self.requestID = requestID
        self.acceptedAt = acceptedAt
        state = .accepted
        attempt = 0
    }

    /// The states of an operation, and the edges between them.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case accepted, running, succeeded, failed, cancelled

        /// Whether nothing more will happen.
        public var isFinal: Bool { self != .accepted && self != .running }

        /// Whether an operation may go from here to `next`. A running one is begun again after a crash.
        public func mayBecome(_ next: State) -> Bool {
            switch (self, next) {
            case (.accepted, .running), (.accepted, .failed), (.accepted, .cancelled), (.running, .running),
                (.running, .succeeded), (.running, .failed), (.running, .cancelled):
                true
            default: false
            }
        }
    }

    /// What can be asked for.
    public enum Request: Hashable, Sendable, Codable {
        case createTenant(TenantName)
        case deleteTenant(TenantName)
        /// Sets the most that a tenant may have.
        case setQuota(TenantName, Quota)
        /// Lets a tenant's apps reach this much, and cuts what is more.
        case setEgress(TenantName, EgressGrant)
        /// Lets a tenant's apps have more than the strict policy, or nothing more than that.
        case setPolicy(TenantName, Loosening?)
        /// Notes that a tenant wants a hostname of its own; with `vouched`, that an admin knows it to be the tenant's.
        case addDomain(TenantName, Hostname, vouched: Bool)
        /// Looks for the record that proves it.
        case verifyDomain(TenantName, Hostname)
        case removeDomain(TenantName, Hostname)
        case createApp(AppReference)
        /// Deletes an app; with `purge` its services' content as well, which is kept a while otherwise.
        case deleteApp(AppReference, purge: Bool? = nil)
        case deploy(AppReference, Deployment)
        /// Makes a release that differs in how many copies of its processes run.
        case scale(AppReference, [ProcessName: Int])
        /// Goes back to an earlier release; without a number to the one before the current one.
        case rollback(AppReference, ReleaseNumber?)
        /// Gives a secret the value that is encrypted in a credential already.
        case setSecret(AppReference, SecretName, credential: UUID)
        /// Takes a secret's value away.
        case unsetSecret(AppReference, SecretName)
        /// Makes a release that differs in its secrets: each has the value that was set last.
        case rotateSecrets(AppReference)
        /// Gives an app new credentials of its services, and takes the old ones back once the new ones are in use.
        case rotateServices(AppReference)
        case start(AppReference)
        case stop(AppReference)
        case restart(AppReference)
        /// Brings all of the host to what the ledger says.
        case reconcile
        /// Removes what carries the platform's mark and nothing refers to any more.
        case collect
        /// Has an empty host be what another was, from the backup in a file; secrets with the key in another.
        case restore(String, secretsKey: String? = nil)

        /// The kind, as the API names it.
        public var kind: Kind {
            switch self {
            case .createTenant: .createTenant
            case .deleteTenant: .deleteTenant
            case .setQuota: .setQuota
            case .setEgress: .setEgress
            case .setPolicy: .setPolicy
            case .addDomain: .addDomain
            case .verifyDomain: .verifyDomain
            case .removeDomain: .removeDomain
            case .createApp: .createApp
            case .deleteApp: .deleteApp
            case .deploy: .deploy
            case .scale: .scale
            case .rollback: .rollback
            case .setSecret: .setSecret
            case .unsetSecret: .unsetSecret
            case .rotateSecrets: .rotateSecrets
            case .rotateServices: .rotateServices
            case .start: .start
            case .stop: .stop
            case .restart: .restart
            case .reconcile: .reconcile
            case .collect: .collect
            case .restore: .restore
            }
        }

        /// The tenant that it is about; nil when it is about all of the host.
        public var tenant: TenantName? {
            switch self {
            case .createTenant(let name), .deleteTenant(let name), .setQuota(let name, _), .setEgress(let name, _),
                .setPolicy(let name, _), .addDomain(let name, _, _), .verifyDomain(let name, _),
                .removeDomain(let name, _):
                name
            default: app?.tenant
            }
        }

        /// The app that it is about; nil for a tenant's and the host's.
        public var app: AppReference? {
            switch self {
            case .createTenant, .deleteTenant, .setQuota, .setEgress, .setPolicy, .addDomain, .verifyDomain,
                .removeDomain, .reconcile, .collect, .restore:
                nil
            case .createApp(let app), .deleteApp(let app, _), .deploy(let app, _), .scale(let app, _),
                .rollback(let app, _), .setSecret(let app, _, _), .unsetSecret(let app, _), .rotateSecrets(let app),
                .rotateServices(let app), .start(let app), .stop(let app), .restart(let app):
                app
            }
        }

        /// What it is about, as people write it: `acme/shop`, `acme`, `the host`.
        public var subject: String { app?.description ?? tenant?.description ?? "the host" }

        /// What the audit says of it beside its subject: what an admin has allowed.
        public var detail: String {
            switch self {
            case .setQuota(_, let quota): quota.text
            case .setEgress(_, let egress): egress.rawValue
            case .setPolicy(_, let loosening): loosening?.text ?? "strict"
            default: ""
            }
        }

        /// Whether it may use up the room that is kept for when the disk is full: it leaves more of it than it takes.
        public var makesRoom: Bool {
            switch self {
            case .stop, .deleteApp, .deleteTenant, .collect: true
            default: false
            }
        }

        /// Whether it has a release serve that did not before.
        public var makesRelease: Bool {
            switch self {
            case .deploy, .scale, .rollback, .rotateSecrets, .rotateServices: true
            default: false
            }
        }

        /// Whether it is about this part of the host, or about one that has to do with it.
        public func concerns(_ scope: Scope) -> Bool {
            switch scope {
            case .tenant(let name): tenant == name
            case .app(let reference): tenant == reference.tenant && (app == nil || app == reference)
            }
        }

        /// Whether nothing else may be under way beside it.
        private var isAlone: Bool {
            switch self {
            case .collect, .restore: true
            default: false
            }
        }

        /// Whether the two must not be under way at once: they are about the same, or one is about a tenant and the
        /// other about an app of it. A reconcile looks at each app in its turn; a collection is alone, or it would take
        /// for waste what another has not come to use yet.
        public func conflicts(with other: Request) -> Bool {
            if isAlone || other.isAlone { return true }
            return tenant == other.tenant && (app == nil || other.app == nil || app == other.app)
        }
    }

    /// The kinds of operations.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case createTenant = "tenant.create"
        case deleteTenant = "tenant.delete"
        case setQuota = "tenant.quota"
        case setEgress = "tenant.egress"
        case setPolicy = "tenant.policy"
        case addDomain = "domain.create"
        case verifyDomain = "domain.verify"
        case removeDomain = "domain.delete"
        case createApp = "app.create"
        case deleteApp = "app.delete"
        case deploy = "app.deploy"
        case scale = "app.scale"
        case rollback = "app.rollback"
        case setSecret = "secret.set"
        case unsetSecret = "secret.unset"
        case rotateSecrets = "secret.rotate"
        case rotateServices = "service.rotate"
        case start = "app.start"
        case stop = "app.stop"
        case restart = "app.restart"
        case reconcile = "host.reconcile"
        case collect = "host.collect"
        case restore = "host.restore"
    }

    /// Why an operation failed, fit for callers.
    public struct Failure: Hashable, Sendable, Codable {
        /// A stable code, as in ``PortError/Code-swift.enum``.
        public var code: String
        /// What happened, and why.
        public var message: String
        /// The command that mends it, or shows more.
        public var remedy: String?
        /// The last lines of the app's log, where they tell the reason.
        public var log: [String]

        /// Describes a failure.
        public init(code: String, message: String, remedy: String? = nil, log: [String] = []) {
            self.code = code
            self.message = message
            self.remedy = remedy
            self.log = log
        }
    }
}

/// What a deploy shall run.
public struct Deployment: Hashable, Sendable, Codable {
    /// The image, as the host's storage has it; of a source the runtime's.
    public var image: ImageReference
    /// The archive of a source that it is built of, as it was uploaded before.
    public var source: Digest?
    /// A directory of the host whose content is copied and mounted read-only.
    public var files: String?
    /// How it is configured.
    public var manifest: Manifest
    /// The processes of which the manifest does not say how many copies run: as many as before.
    public var scaled: Set<ProcessName>
    /// Why it is made, in the words of whoever asks.
    public var note: String?
    /// The host's number of the user to whom all of `files` must belong; nil for whom may read everything. It is never
    /// shown.
    public var owner: UInt32?
    /// Whether who asks knows the hostnames to be the tenant's own: an admin of the host, whose word is enough.
    public var vouches: Bool?

    /// Describes a deploy.
    public init(
        image: ImageReference, source: Digest? = nil, files: String? = nil, manifest: Manifest,
        scaled: Set<ProcessName> = [], note: String? = nil, vouches: Bool? = nil
    ) {
        self.image = image
        self.source = source
        self.files = files
        self.manifest = manifest
        self.scaled = scaled
        self.note = note
        self.vouches = vouches
    }

    /// The manifest with as many copies as run now of the processes of which it does not say how many.
    public func manifest(after current: Release?) -> Manifest { manifest.scaled(scaled, like: current?.manifest) }
}

/// Something that an operation did, numbered from 1 within the operation.
public struct OperationEvent: Hashable, Sendable, Codable {
    /// Its number, by which a reader goes on where it stopped.
    public let sequence: Int
    /// When it happened.
    public let at: Date
    /// What kind of thing happened.
    public let kind: Kind
    /// Which step of how many, for the events of steps.
    public let step: Int?
    /// See ``step``.
    public let steps: Int?
    /// What happened, in one line.
    public let text: String

    /// The kinds of events.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case accepted, started
        case stepStarted = "step.started"
        case stepEnded = "step.ended"
        case stepFailed = "step.failed"
        /// An error before the commit point: the steps that follow lead back.
        case goingBack = "going-back"
        /// A failure that may pass: the operation is begun again.
        case retrying
        /// Somebody asked for the operation to be cancelled.
        case cancelling
        /// What a look at the host has found, and what becomes of it.
        case finding
        case succeeded, failed, cancelled

        /// Whether it is the operation's last.
        public var isLast: Bool { self == .succeeded || self == .failed || self == .cancelled }
    }

    /// Describes an event.
    public init(sequence: Int, at: Date, kind: Kind, step: Int? = nil, steps: Int? = nil, text: String) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.step = step
        self.steps = steps
        self.text = text
    }
}
