import FoundationEssentials
import TussilagoCore

/// Makes a release of what was asked for: names become digests, a directory becomes a tree, a manifest becomes units.
struct ReleaseMaker: Sendable {
    let outside: Outside
    let log: OperationLog

    /// Makes the next release of an app and writes it down; the one that this operation made before, if it did.
    func release(
        _ deployment: Deployment, of app: App, tenant: Tenant, by operation: TussilagoCore.Operation
    ) async throws(PortError) -> ReleaseRecord {
        let newest = try await outside.ledger.releases(of: app.reference, PageQuery(limit: 1)).items.first
        if let newest, newest.operation == operation.id { return newest }
        let artefact = try await artefact(deployment)
        let history = try await outside.ledger.history(of: app.reference)
        let release = Self.release(
            id: outside.makeID(), deployment.manifest, artefact, app: app, tenant: tenant, history: history)
        try await log.event(.stepStarted, "write release \(release.number) down")
        let now = outside.now()
        try await outside.ledger.addRelease(release, by: operation.id, at: now)
        return ReleaseRecord(release: release, createdAt: now, state: .pending, operation: operation.id)
    }

    /// Puts a release together of its parts. Pure, so that a plan can be shown without anything being done.
    static func release(
        id: UUID, _ manifest: Manifest, _ artefact: Artefact, app: App, tenant: Tenant, history: ReleaseHistory
    ) -> Release {
        var templates: [ProcessName: Release.Template] = [:]
        for process in manifest.processes {
            let template = ProcessTemplate(tenant: tenant, app: app, process: process, hasFiles: artefact.tree != nil)
            templates[process.name] = history.template(for: process.name, text: template.text)
        }
        return Release(
            id: id, app: app.reference, number: history.last?.next ?? .first, artefact: artefact, manifest: manifest,
            templates: templates)
    }

    private func artefact(_ deployment: Deployment) async throws(PortError) -> Artefact {
        try await log.event(.stepStarted, "look \(deployment.image) up")
        let image = try await outside.images.resolve(deployment.image)
        guard let directory = deployment.files else { return .image(image) }
        try await log.event(.stepStarted, "copy the files")
        return .imageWithFiles(image, tree: try await outside.units.importTree(from: directory))
    }
}
