internal import FoundationEssentials
internal import TussilagoCore

/// The archives of sources: `sources/TENANT/DIGEST.tar`. They are never opened here but to be written.
struct SourceStore {
    let root: HostRoot

    /// How long an archive is kept that no release refers to: the deploy that it was sent for may be about to begin.
    static let grace: TimeInterval = 3600

    /// The name of an archive that is to come: each has one of its own until it is whole.
    static func temporaryName(_ source: TussilagoCore.Digest) -> String {
        ".\(source.hexadecimal.prefix(16)).\(UUID().lowercased).new"
    }

    /// Opens a file for an archive that is to come, of at most so many bytes.
    /// - Throws: ``PortError/Code-swift.enum/refused`` when the tenant has sent too much that was not collected yet.
    func create(_ name: String, of tenant: TenantName, limit: Bytes) throws(PortError) -> OpenFile {
        let directory = try makeDirectory(of: tenant)
        var names = 0, bytes: Int64 = 0
        for name in try directory.names(as: "sources") {
            names += 1
            bytes += Int64(try directory.status(of: name)?.size ?? 0)
        }
        let (most, _) = limit.count.multipliedReportingOverflow(by: Self.mostFull)
        guard names < Self.most, bytes < most else {
            throw PortError(
                .refused, "source",
                cause:
                    "the tenant has more than \(min(names, Self.most)) archives or \(most) bytes of them; an admin of the "
                    + "host removes those that no release needs: tussilago gc")
        }
        return try directory.createFile(name, mode: 0o644, as: "source")
    }

    /// The most archives of a tenant, and how many of the largest size they may be together.
    private static let most = 1000, mostFull: Int64 = 16

    /// Gives what came its name.
    func keep(_ name: String, as source: TussilagoCore.Digest, of tenant: TenantName) throws(PortError) {
        let directory = try makeDirectory(of: tenant)
        try directory.rename(name, to: HostPaths.sourceName(source))
        try directory.sync(as: "sources")
    }

    /// Removes what came of an archive that is not kept.
    func remove(_ name: String, of tenant: TenantName) throws(PortError) {
        guard let directory = try directory(of: tenant) else { return }
        _ = try directory.remove(name)
    }

    /// How large an archive is; nil when it is not there.
    func size(of source: TussilagoCore.Digest, of tenant: TenantName) throws(PortError) -> Bytes? {
        guard let directory = try directory(of: tenant) else { return nil }
        return try directory.status(of: HostPaths.sourceName(source)).map { Bytes(Int64($0.size)) }
    }

    /// Removes archives that nothing refers to and that are older than the grace.
    func collect(
        except kept: [TenantName: Set<TussilagoCore.Digest>], now: Date, removing: Bool
    ) throws(PortError) -> Int {
        guard let sources = try root.directory(.state, HostPaths.sources) else { return 0 }
        var count = 0
        for tenant in try sources.names(as: "sources") {
            guard let directory = try sources.directory(tenant) else { continue }
            let names = TenantName(rawValue: tenant).map { Set(kept[$0, default: []].map(HostPaths.sourceName)) } ?? []
            for name in try directory.names(as: "sources") where !names.contains(name) {
                guard let status = try directory.status(of: name) else { continue }
                guard now.timeIntervalSince(status.modified) > Self.grace else { continue }
                count += 1
                if removing { _ = try directory.remove(name) }
            }
            if removing { try sources.removeDirectory(ifEmpty: tenant) }
        }
        return count
    }

    /// Removes all archives of a tenant.
    func removeAll(of tenant: TenantName) throws(PortError) {
        guard let sources = try root.directory(.state, HostPaths.sources) else { return }
        try sources.removeTree(tenant.rawValue)
        try sources.sync(as: "sources")
    }

    /// Removes what an agent that was killed has taken in half.
    func removeLeftovers() throws(PortError) {
        guard let sources = try root.directory(.state, HostPaths.sources) else { return }
        for tenant in try sources.names(as: "sources") {
            guard let directory = try sources.directory(tenant) else { continue }
            try directory.removeLeftovers(as: "sources")
        }
    }

    private func directory(of tenant: TenantName) throws(PortError) -> Directory? {
        try root.directory(.state, "\(HostPaths.sources)/\(tenant)")
    }

    private func makeDirectory(of tenant: TenantName) throws(PortError) -> Directory {
        try root.makeDirectory(.state, "\(HostPaths.sources)/\(tenant)")
    }
}
