import FoundationEssentials
import TussilagoCore

/// Makes a release of what was asked for: names become digests, a directory becomes a tree, a manifest becomes units.
struct ReleaseMaker: Sendable {
    let outside: Outside
    let log: OperationLog

    /// Makes the next release of an app and writes it down; the one that this operation made before, if it did.
    /// - Parameter build: builds a deployment's source for an image.
    func release(
        _ deployment: Deployment, of app: App, tenant: Tenant, by operation: TussilagoCore.Operation,
        build: (Digest, ImageIdentity) async throws(PortError) -> BuiltSource
    ) async throws(PortError) -> ReleaseRecord {
        if let made = try await made(of: app, by: operation) { return made }
        let artefact = try await artefact(deployment, build)
        try await outside.measureTrees(of: tenant, with: artefact.trees)
        let current = try await outside.ledger.app(app.reference)?.current
        return try await add(
            deployment.manifest(after: current), artefact,
            try await SecretChoice(ledger: outside.ledger).newest(
                deployment.manifest.releaseSecrets, of: app.reference),
            reason: deployment.note ?? "deploy", voucher: deployment.vouches == true ? operation.caller : nil, app,
            tenant, operation)
    }

    /// Makes a release that differs from the current one in how many copies run; the one that this operation made.
    func release(
        scaling counts: [ProcessName: Int], of record: AppRecord, tenant: Tenant, by operation: TussilagoCore.Operation
    ) async throws(PortError) -> ReleaseRecord {
        if let made = try await made(of: record.app, by: operation) { return made }
        guard let current = record.current else {
            throw PortError(.notFound, record.app.reference.description, cause: "it has no release yet")
        }
        let reason = counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        return try await add(
            try current.manifest.scaled(to: counts), current.artefact, current.secrets, reason: "scale \(reason)",
            voucher: nil, record.app, tenant, operation)
    }

    /// Makes a release that differs from the current one in its secrets' values; the one that this operation made.
    func release(
        rotatingSecretsOf record: AppRecord, tenant: Tenant, by operation: TussilagoCore.Operation
    ) async throws(PortError) -> ReleaseRecord {
        if let made = try await made(of: record.app, by: operation) { return made }
        guard let current = record.current else {
            throw PortError(.notFound, record.app.reference.description, cause: "it has no release yet")
        }
        let secrets = try await SecretChoice(ledger: outside.ledger)
            .newest(current.manifest.releaseSecrets, of: record.app.reference)
        let names = secrets.filter { !current.secrets.contains($0) }.map(\.name.rawValue)
        guard !names.isEmpty else {
            throw PortError(
                .refused, record.app.reference.description,
                cause: "release \(current.number) has the newest value of each of its secrets already")
        }
        return try await add(
            current.manifest, current.artefact, secrets, reason: "rotate \(names.joined(separator: " "))", voucher: nil,
            record.app, tenant, operation)
    }

    /// The release that an operation made before, if it did.
    func made(of app: App, by operation: TussilagoCore.Operation) async throws(PortError) -> ReleaseRecord? {
        let newest = try await outside.ledger.releases(of: app.reference, PageQuery(limit: 1)).items.first
        return newest?.operation == operation.id ? newest : nil
    }

    private func add(
        _ manifest: Manifest, _ artefact: Artefact, _ secrets: [SecretVersion], reason: String, voucher: String?,
        _ app: App, _ tenant: Tenant, _ operation: TussilagoCore.Operation
    ) async throws(PortError) -> ReleaseRecord {
        try await outside.ledger.tenant(tenant.name)?.allow(manifest)
        try await HostnameRights(outside: outside).settle(manifest.hostnames, of: tenant.name, voucher: voucher)
        let history = try await outside.ledger.history(of: app.reference)
        let now = outside.now()
        let release = Self.release(
            id: outside.makeID(), manifest, artefact, secrets: secrets, app: app, tenant: tenant, history: history,
            origin: Release.Origin(at: now, caller: operation.caller, reason: reason, operation: operation.id))
        try await log.event(.stepStarted, "write release \(release.number) down")
        try await outside.ledger.addRelease(release, by: operation.id, at: now)
        return ReleaseRecord(release: release, createdAt: now, state: .pending, operation: operation.id)
    }

    /// Puts a release together of its parts. Pure, so that a plan can be shown without anything being done.
    static func release(
        id: UUID, _ manifest: Manifest, _ artefact: Artefact, secrets: [SecretVersion], app: App, tenant: Tenant,
        history: ReleaseHistory, origin: Release.Origin? = nil
    ) -> Release {
        var templates: [ProcessName: Release.Template] = [:]
        for process in manifest.processes + [manifest.phase].compactMap(\.self) {
            let template = ProcessTemplate(
                tenant: tenant, app: app, process: process, artefact: artefact, hasSecrets: !secrets.isEmpty,
                egress: manifest.egress, hasDatabase: manifest.database != nil,
                staticPaths: manifest.staticPaths, policy: SandboxPolicy(manifest.sandbox))
            templates[process.name] = history.template(for: process.name, text: template.text)
        }
        return Release(
            id: id, app: app.reference, number: history.last?.next ?? .first, artefact: artefact, manifest: manifest,
            templates: templates, origin: origin, secrets: secrets)
    }

    private func artefact(
        _ deployment: Deployment, _ build: (Digest, ImageIdentity) async throws(PortError) -> BuiltSource
    ) async throws(PortError) -> Artefact {
        try await log.event(.stepStarted, "look \(deployment.image) up")
        let image = try await outside.images.resolve(deployment.image)
        if let source = deployment.source { return .source(image, built: try await build(source, image)) }
        guard let directory = deployment.files else { return .image(image) }
        try await log.event(.stepStarted, "copy the files")
        return .imageWithFiles(
            image, tree: try await outside.units.importTree(from: directory, ownedBy: deployment.owner))
    }
}
