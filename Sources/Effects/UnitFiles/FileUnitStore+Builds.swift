internal import FoundationEssentials
public import TussilagoCore

extension FileUnitStore: BuildStore {
    public func receive(
        _ source: TussilagoCore.Digest, of tenant: TenantName, limit: Bytes
    ) throws(PortError) -> any SourceWriting {
        try SourceFile(SourceStore(root: root), source, of: tenant, limit: limit)
    }

    public func size(of source: TussilagoCore.Digest, of tenant: TenantName) throws(PortError) -> Bytes? {
        try SourceStore(root: root).size(of: source, of: tenant)
    }

    public func prepare(_ build: Build, limits: BuildLimits) throws(PortError) {
        try BuildPlace(root: root, tools: tools).prepare(build, limits: limits)
    }

    public func take(
        _ build: Build, ownedBy owner: UInt32, limits: BuildLimits
    ) async throws(PortError) -> BuiltSource {
        let (outcome, key) = try BuildPlace(root: root, tools: tools).outcome(of: build)
        let tree = try await tree(.app, of: build, ownedBy: owner, limits)
        let packages: TussilagoCore.Digest?
        switch outcome.packages {
        case .none: packages = nil
        case .new: packages = try await self.tree(.packages, of: build, ownedBy: owner, limits)
        case .known:
            guard let known = build.known, known.key == key else {
                throw PortError(.refused, "build", cause: "it says that it has packages which it was not given")
            }
            packages = known.packages
        }
        return BuiltSource(source: build.source, tree: tree, packages: packages, key: key)
    }

    private func tree(
        _ output: BuildTemplate.Output, of build: Build, ownedBy owner: UInt32, _ limits: BuildLimits
    ) async throws(PortError) -> TussilagoCore.Digest {
        var bounds = TreeLimits(
            bytes: Int(clamping: limits.output.count), entries: limits.entries, depth: BuildLimits.depth)
        bounds.syncsAtOnce = output == .packages
        let path = "\(root.prefix)\(HostPaths.buildOutput)/\(build.unit.stem)/\(output.rawValue)"
        return try await trees.importTree(from: path, ownedBy: owner, built: bounds)
    }

    public func clear(_ build: Build) throws(PortError) { try BuildPlace(root: root, tools: tools).clear(build) }

    public func removeSources(of tenant: TenantName) throws(PortError) {
        try SourceStore(root: root).removeAll(of: tenant)
    }

    public func collect(
        except kept: [TenantName: Set<TussilagoCore.Digest>], removing: Bool
    ) throws(PortError) -> Int {
        if removing { try BuildPlace(root: root, tools: tools).clearAll() }
        return try SourceStore(root: root).collect(except: kept, now: Date(), removing: removing)
    }
}
