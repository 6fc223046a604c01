/// systemd: what runs, and the jobs that change it.
public protocol ServiceManager: Sendable {
    /// What systemd has loaded and how it is, of these units. A unit that it cannot find is `notFound`.
    func status(of units: [UnitName]) async throws(PortError) -> [UnitName: UnitStatus]
    /// Has systemd read all unit files again. Never two at once; callers who wait share the next one.
    func reload() async throws(PortError)
    /// Starts units together, and returns when every job has ended well.
    /// - Throws: ``PortError/Code-swift.enum/startFailed`` naming the first unit that did not.
    func start(_ units: [UnitName], deadline: Duration) async throws(PortError)
    /// Has a unit read what it works with again, or starts it if it does not run.
    func refresh(_ unit: UnitName, deadline: Duration) async throws(PortError)
    /// Stops units together, and returns when every job has ended. A unit that does not run is no error.
    func stop(_ units: [UnitName], deadline: Duration) async throws(PortError)
}

/// How a unit is, in systemd's own words (org.freedesktop.systemd1(5)).
public struct UnitStatus: Hashable, Sendable, Codable {
    /// `loaded`, `not-found`, `bad-setting`, `error` or `masked`.
    public var load: String
    /// `active`, `activating`, `inactive`, `failed` …
    public var active: String
    /// `running`, `start-post`, `dead` …
    public var sub: String

    /// Describes a unit's state.
    public init(load: String, active: String, sub: String) {
        self.load = load
        self.active = active
        self.sub = sub
    }

    /// A unit that systemd knows nothing of.
    public static let notFound = UnitStatus(load: "not-found", active: "inactive", sub: "dead")
    /// A unit that is loaded and does not run.
    public static let stopped = UnitStatus(load: "loaded", active: "inactive", sub: "dead")
    /// A unit that serves.
    public static let running = UnitStatus(load: "loaded", active: "active", sub: "running")

    /// Whether it has started and its probe has passed.
    public var isActive: Bool { active == "active" || active == "reloading" }
    /// Whether somebody has stopped it, or is doing so at the moment: to start it would cancel that. It has not failed.
    public var isStopped: Bool { load == "loaded" && (active == "inactive" || active == "deactivating") }
    /// Whether anything of it may still run.
    public var mayRun: Bool { active != "inactive" && active != "failed" }
}
