import FoundationEssentials
public import TussilagoCore

/// Makes an archive of all that the platform has: what a ledger says, and the file trees that it refers to.
///
/// All of it is of one moment: the texts are made of the copy of the ledger that goes into the archive, and no
/// collection runs while the trees are copied.
public struct HostBackup: Sendable {
    private let outside: Outside
    private let queue: OperationQueue

    /// Makes backups of what is behind these ports.
    public init(_ outside: Outside, queue: OperationQueue) {
        self.outside = outside
        self.queue = queue
    }

    /// Writes an archive and gives it to be read.
    /// - Parameter secretsKey: the path of a key to encrypt the values of secrets with; without one they are not in it.
    /// - Throws: ``PortError/Code-swift.enum/unavailable`` while a collection or another backup is under way.
    public func archive(version: String, secretsKey: String? = nil) async throws(PortError) -> any ArchiveReading {
        try await queue.holdTrees()
        let result: Result<any ArchiveReading, PortError>
        do throws(PortError) { result = .success(try await write(version, secretsKey)) } catch {
            result = .failure(error)
        }
        await queue.letTreesGo()
        return try result.get()
    }

    private func write(_ version: String, _ secretsKey: String?) async throws(PortError) -> any ArchiveReading {
        let path = try await outside.ledger.snapshot()
        defer { outside.ledger.discard(copy: path) }
        let copy = outside.ledger.copy(at: path)
        let pages = try await BackupPages(copy)
        let secrets = BackupSecrets(outside.secrets, secretsKey == nil ? [] : try await copy.credentials())
        let format = secretsKey == nil ? ArchiveHeader.formatWithoutSecrets : ArchiveHeader.currentFormat
        return try await outside.archives.write(
            ArchiveContents(
                header: ArchiveHeader(createdAt: outside.now(), version: version, format: format), ledger: path,
                secretsKey: secretsKey, secrets: { () async throws(PortError) in try await secrets.next() },
                texts: { () async throws(PortError) in try await pages.next() }, trees: { await pages.trees.sorted() }))
    }
}

/// The values of secrets, one at a time.
private actor BackupSecrets {
    private let store: any SecretStore
    private var left: [UUID]

    init(_ store: any SecretStore, _ credentials: Set<UUID>) {
        self.store = store
        left = credentials.sorted { $0.lowercased > $1.lowercased }
    }

    /// One that is not on this host any more is on no other either: a survey of this one tells of it.
    func next() async throws(PortError) -> (credential: UUID, value: Secret)? {
        while let credential = left.popLast() {
            do throws(PortError) { return (credential, try await store.open(credential)) } catch {
                guard error.code == .notFound, error.subject == "secrets" else { throw error }
            }
        }
        return nil
    }
}

/// The texts of a ledger, a tenant or an app at a time.
private actor BackupPages {
    private let ledger: any Ledger
    private let wishes: Wishes
    private var tenants: [Tenant] = []
    private var apps: [AppReference] = []
    /// The file trees that the releases refer to which were told of.
    private(set) var trees: Set<Digest> = []

    init(_ ledger: any Ledger) async throws(PortError) {
        self.ledger = ledger
        wishes = Wishes(ledger)
        var page: String?
        repeat {
            let list = try await ledger.tenants(PageQuery(limit: PageQuery.maximumLimit, cursor: page))
            tenants += list.items.map(\.tenant)
            page = list.next
        } while page != nil
        repeat {
            let list = try await ledger.apps(of: nil, PageQuery(limit: PageQuery.maximumLimit, cursor: page))
            apps += list.items.map(\.app.reference)
            page = list.next
        } while page != nil
    }

    func next() async throws(PortError) -> [(name: String, text: String)]? {
        if let tenant = tenants.popLast() {
            return Self.units(DesiredState(tenant: tenant.name, tenant, egress: .none))
        }
        guard let app = apps.popLast() else { return nil }
        let tenant = try await wishes.tenant(app.tenant)
        let desired = try await wishes.desired(try await wishes.app(app), tenant: tenant, power: .on)
        let releases = try await ledger.releases(of: app, PageQuery(limit: PageQuery.maximumLimit)).items
        trees.formUnion(releases.filter { $0.state != .failed }.flatMap(\.release.artefact.trees))
        var texts = Self.units(desired)
        for release in desired.app?.kept ?? [] {
            texts.append(("releases/\(app)/\(release.number)/\(HostPaths.releaseRecord)", try Self.record(release)))
        }
        return texts
    }

    private static func units(_ desired: DesiredState) -> [(name: String, text: String)] {
        desired.unitFiles.map { ("units\($0.path)", $0.text) }
    }

    private static func record(_ release: Release) throws(PortError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do { return String(decoding: try encoder.encode(release), as: UTF8.self) } catch {
            throw PortError(.unexpected, "release \(release.number)", cause: "it cannot be written", detail: "\(error)")
        }
    }
}
