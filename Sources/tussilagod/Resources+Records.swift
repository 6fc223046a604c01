import TussilagoAPI
import TussilagoCore

// What the ledger has, as the API shows it.

extension TenantResource {
    init(_ record: TenantRecord) {
        self.init(
            id: record.tenant.id, name: record.tenant.name, createdAt: record.createdAt, apps: record.apps,
            egress: record.egress, policy: record.tenant.loosening.map { PolicyResource($0) })
    }
}

extension AppResource {
    init(_ record: AppRecord) {
        self.init(
            id: record.app.id, tenant: record.app.reference.tenant, name: record.app.reference.app,
            createdAt: record.createdAt, release: record.current?.number,
            hostnames: record.current?.manifest.hostnames.map(\.text) ?? [])
    }
}

extension ReleaseResource {
    init(_ record: ReleaseRecord, before: Release?) {
        let release = record.release
        self.init(
            id: release.id, number: release.number, state: record.state, createdAt: record.createdAt,
            operation: record.operation, image: release.artefact.image.reference.text,
            imageDigest: release.artefact.image.digest.description, tree: release.artefact.tree?.description,
            source: release.artefact.built?.source.description,
            hostnames: release.manifest.hostnames.map(\.text),
            processes: release.manifest.processes.map { "\($0.name)=\($0.count)" },
            secrets: release.secrets.map { "\($0.name)@\($0.number)" }, caller: release.origin?.caller,
            reason: release.origin?.reason, differences: release.differences(from: before))
    }
}
