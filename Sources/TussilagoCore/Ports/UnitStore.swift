/// The files that say what shall run: unit files, releases, and the links between them.
///
/// Every change is atomic and on the disk when the call returns, so that a step that was acknowledged survives a
/// power failure. Nothing is touched that does not carry the platform's section.
public protocol UnitStore: Sendable {
    /// What there is now, of all that `scope` covers.
    func observe(_ scope: Scope) async throws(PortError) -> InstalledState
    /// The same of each of several scopes, in their order, and whose the files say that they are. It takes less than to
    /// ask one by one, above all where those of a tenant stand together.
    func files(of scopes: [Scope]) async throws(PortError) -> [ScopeFiles]
    /// Marks of all that ``files(of:)`` would read of apps, without it being read: they differ once any of it was changed.
    /// An app has none where something was changed so shortly before that the next change might leave no trace.
    func stamps(of apps: [AppReference]) async throws(PortError) -> [AppReference: Stamp]
    /// Runs quadlets through Podman's generator without installing them, and checks the commands that come out.
    /// - Throws: ``PortError/Code-swift.enum/refused`` with the generator's reason when one would be dropped.
    func check(_ files: [UnitFile], users: UserRange) async throws(PortError)
    /// Performs the steps that change files; the others are no business of this port.
    func perform(_ change: FileChange) async throws(PortError)
    /// Copies a directory into the store, as it is now, and names the copy by its content.
    /// - Parameter owner: the host's number of the user to whom all of it must belong; nil for anybody.
    /// - Throws: ``PortError/Code-swift.enum/refused`` for symbolic links, devices, others' files and trees over the
    ///   limits.
    func importTree(from directory: String, ownedBy owner: UInt32?) async throws(PortError) -> Digest
    /// How large a file tree is: the bytes of its files together. One that is not there has none.
    func size(of tree: Digest) async throws(PortError) -> Bytes
    /// All that there is in the platform's name.
    func stored() async throws(PortError) -> StoredThings
    /// The tenants and apps after which anything is named that may be the platform's: no fewer than ``stored()`` has. It
    /// takes less, since nothing is read.
    func named() async throws(PortError) -> Set<Scope>
    /// Removes what is left in an app's place, even what no observation shows. The app must be gone.
    func removeRemains(of app: AppReference) async throws(PortError)
    /// Removes file trees; those that are not there are no error.
    func removeTrees(_ trees: [Digest]) async throws(PortError)
}

/// What the files within a scope say.
public struct ScopeFiles: Sendable {
    /// Which tenant or app they are of.
    public let scope: Scope
    /// What shall run, by them.
    public let installed: InstalledState
    /// What the unit files say of whom they are.
    public let units: [UnitRecord]
    /// The releases' own records.
    public let releases: [HostRecords.StoredRelease]

    /// Puts together what was found.
    public init(
        scope: Scope, installed: InstalledState, units: [UnitRecord], releases: [HostRecords.StoredRelease] = []
    ) {
        self.scope = scope
        self.installed = installed
        self.units = units
        self.releases = releases
    }
}

/// All that a store has in the platform's name, whether anything refers to it or not.
public struct StoredThings: Hashable, Sendable {
    /// The tenants and apps that have unit files, releases or upstreams.
    public var scopes: Set<Scope>
    /// The file trees.
    public var trees: Set<Digest>

    /// Describes what there is.
    public init(scopes: Set<Scope> = [], trees: Set<Digest> = []) {
        self.scopes = scopes
        self.trees = trees
    }
}

extension UnitStore {
    /// Copies a directory, whoever it belongs to.
    public func importTree(from directory: String) async throws(PortError) -> Digest {
        try await importTree(from: directory, ownedBy: nil)
    }

    /// What the files of these tenants and apps say that they are: what the ledger has as well.
    public func records(of scopes: Set<Scope>) async throws(PortError) -> HostRecords {
        HostRecords(try await files(of: scopes.sorted { $0.description < $1.description }))
    }
}

/// A change of the platform's files.
public enum FileChange: Hashable, Sendable {
    /// Write a release's directory, whole or not at all.
    case stage(Release, network: AppNetwork)
    /// Let instances run: make their links to their releases.
    case admit([Instance])
    /// Write down which secrets an app has, and in which versions.
    case noteSecrets(AppReference, [SecretRecord])
    /// Take the links away.
    case retire([Instance])
    /// Remove releases' directories.
    case discard(AppReference, [ReleaseNumber])
    /// Write unit files. A reload is owed from then on.
    case install([UnitFile])
    /// Remove unit files. A reload is owed from then on.
    case uninstall([UnitFile.Path])
    /// systemd has loaded all that was written.
    case settle
    /// Make exactly `units` what `target` starts, at boot and by hand.
    case want(target: UnitName, units: [UnitName])
    /// Make one unit what a target starts that others' units are started by as well, or take it away there.
    case enable(UnitName, by: UnitName, Bool)
    /// Note what the apps of a tenant may reach.
    case grant(TenantName, EgressGrant)
    /// Move the upstream of one copy of an app to an instance, in one atomic rename; nil takes it away.
    case point(AppReference, copy: Int, Instance?)
}
