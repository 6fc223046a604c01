public import TussilagoCore

/// Archives and builds in memory: each build makes what follows from its source.
public actor InMemoryBuilds: BuildStore {
    /// The archives by tenant.
    public private(set) var sources: [TenantName: Set<Digest>] = [:]
    /// The builds that were prepared, in their order.
    public private(set) var prepared: [Build] = []
    /// Those of them that were not cleared.
    public private(set) var places: Set<Build> = []
    private var failure: PortError?

    /// A store without archives.
    public init() {}

    /// Puts an archive there.
    public func add(_ source: Digest, of tenant: TenantName) { sources[tenant, default: []].insert(source) }

    /// Has what builds make be refused.
    public func refuse(_ error: PortError?) { failure = error }

    public func receive(_ source: Digest, of tenant: TenantName, limit: Bytes) throws(PortError) -> any SourceWriting {
        throw PortError(.refused, "source", cause: "nothing is received here")
    }

    public func size(of source: Digest, of tenant: TenantName) -> Bytes? {
        sources[tenant]?.contains(source) == true ? Bytes(1024) : nil
    }

    public func prepare(_ build: Build, limits: BuildLimits) throws(PortError) {
        guard sources[build.app.tenant]?.contains(build.source) == true else {
            throw PortError(.notFound, "source", cause: "its archive is not on this host")
        }
        prepared.append(build)
        places.insert(build)
    }

    public func take(_ build: Build, ownedBy owner: UInt32, limits: BuildLimits) throws(PortError) -> BuiltSource {
        if let failure { throw failure }
        // The packages follow from what is installed beside the source's own.
        let key = try Self.digest(build.python.packages.isEmpty ? "d" : "e")
        return BuiltSource(
            source: build.source, tree: build.source,
            packages: key == build.known?.key ? build.known?.packages : key, key: key)
    }

    public func clear(_ build: Build) { places.remove(build) }

    public func removeSources(of tenant: TenantName) { sources[tenant] = nil }

    public func collect(except kept: [TenantName: Set<Digest>], removing: Bool) -> Int {
        var count = 0
        for (tenant, all) in sources {
            let old = all.subtracting(kept[tenant, default: []])
            count += old.count
            if removing { sources[tenant] = all.subtracting(old) }
        }
        return count
    }

    private static func digest(_ digit: Character) throws(PortError) -> Digest {
        do { return try Digest(String(repeating: digit, count: 64)) } catch {
            throw PortError(.unexpected, "digest", cause: error.description)
        }
    }
}
