public import PeoplesFiles
internal import Queues
public import TussilagoCore

/// The unit store on a host's file system.
///
/// Each change is written beside its place, synced, and moved there by a rename that is synced as well; each may be made
/// again when a crash cut it. Changes wait for each other; none of them waits on the cooperative pool.
public actor FileUnitStore: UnitStore {
    let root: HostRoot
    private let generator: QuadletGenerator
    let trees: TreeStore
    let tools: BuildTools
    private let resolvers: [String]
    private let executor = SerialQueue(label: "tussilago.unit-files")

    /// Opens the store of this host.
    ///
    /// - Parameters:
    ///   - root: A directory that stands for the host's root, for tests.
    ///   - generator: Podman's generator of systemd units.
    ///   - limits: How large a directory may be that is imported.
    ///   - tools: What builds need of the host.
    ///   - resolvers: Whom apps ask for names that may reach every public address.
    ///   - opener: Who opens the directories that people deploy.
    public init(
        root: String = "",
        generator: String = "/usr/lib/systemd/system-generators/podman-system-generator",
        limits: TreeLimits = .standard, tools: BuildTools = BuildTools(), resolvers: [String] = [],
        opener: FileOpener = FileOpener(socket: nil)
    ) {
        self.resolvers = resolvers
        self.root = HostRoot(prefix: root)
        self.generator = QuadletGenerator(path: generator)
        trees = TreeStore(root: self.root, limits: limits, opener: opener)
        self.tools = tools
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Removes what an agent that was killed has left and no plan would see.
    public func removeLeftovers() throws(PortError) { try Leftovers(root: root).remove() }

    public func perform(_ change: FileChange) throws(PortError) {
        let releases = ReleaseStore(root: root, resolvers: resolvers)
        let live = LiveLinks(root: root)
        let units = InstalledUnits(root: root)
        switch change {
        case .stage(let release, let network): try releases.stage(release, network: network)
        case .noteSecrets(let app, let secrets): try SecretRecords(root: root).note(secrets, of: app)
        case .admit(let instances): try live.admit(instances)
        case .retire(let instances): try live.retire(instances)
        case .discard(let app, let numbers): try releases.discard(app, numbers)
        case .install(let files): try units.install(files)
        case .uninstall(let paths): try units.uninstall(paths)
        case .settle: try units.settle()
        case .want(let target, let wanted): try WantsLinks(root: root).want(target, wanted)
        case .enable(let unit, let target, let on): try WantsLinks(root: root).enable(unit, by: target, on)
        case .grant(let tenant, let egress): try EgressGrants(root: root).grant(tenant, egress)
        case .point(let app, let copy, let instance):
            try UpstreamLinks(root: root).point(app, copy: copy, at: instance)
        }
    }

    public func observe(_ scope: Scope) throws(PortError) -> InstalledState {
        try HostLook(root: root).files(of: scope).installed
    }

    public func files(of scopes: [Scope]) throws(PortError) -> [ScopeFiles] {
        let look = HostLook(root: root)
        var files: [ScopeFiles] = []
        for scope in scopes { files.append(try look.files(of: scope)) }
        return files
    }

    public func stamps(of apps: [AppReference]) throws(PortError) -> [AppReference: Stamp] {
        let look = HostLook(root: root)
        var stamps: [AppReference: Stamp] = [:]
        for app in apps { stamps[app] = try look.stamp(of: app) }
        return stamps
    }

    public func check(_ files: [UnitFile], users: UserRange) async throws(PortError) {
        let check = QuadletCheck(files, users: users)
        guard !check.quadlets.isEmpty else { return }
        let staging = try QuadletStaging(check.quadlets, root: root)
        defer { staging.remove() }
        try check.judge(try await generator.units(ofQuadletsIn: staging.path), staging: staging.path)
    }

    public func stored() async throws(PortError) -> StoredThings {
        StoredThings(scopes: try StoredScopes(root: root).all(owned: true), trees: try await trees.trees())
    }

    public func named() throws(PortError) -> Set<Scope> { try StoredScopes(root: root).all(owned: false) }

    public func removeRemains(of app: AppReference) throws(PortError) { try Remains(root: root).remove(of: app) }

    public nonisolated func removeTrees(_ trees: [Digest]) async throws(PortError) {
        try await self.trees.remove(trees)
    }

    public nonisolated func importTree(
        from directory: String, ownedBy owner: UInt32?
    ) async throws(PortError) -> Digest {
        try await trees.importTree(from: directory, ownedBy: owner)
    }

    public nonisolated func size(of tree: Digest) async throws(PortError) -> Bytes { try await trees.size(of: tree) }
}
