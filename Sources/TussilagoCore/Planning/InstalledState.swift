/// What the platform's files say, within a scope.
public struct InstalledState: Hashable, Sendable, Codable {
    /// The unit files that are there.
    public var units: [UnitFile.Path: String] = [:]
    /// Whether files were written that systemd has not read yet.
    public var reloadOwed = false
    /// The releases that are staged.
    public var releases: Set<ReleaseNumber> = []
    /// What is noted of its secrets.
    public var secrets: [SecretRecord] = []
    /// The instances that may run.
    public var live: Set<Instance> = []
    /// What the targets start.
    public var wants: [UnitName: Set<UnitName>] = [:]
    /// The instances that the upstreams lead to, by the number of the copy.
    public var upstreams: [Int: Instance] = [:]

    /// What a tenant's apps may reach.
    public var egress = EgressGrant.none

    /// Nothing at all.
    public init() {}
}
