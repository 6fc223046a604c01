import FoundationEssentials
import TussilagoCore

extension OperationRunner {
    /// What a source is built to: what a release that is kept has of the same, or what a sandbox of its own makes of it now.
    ///
    /// A build is a unit that is named after the operation. An agent that was killed finds it running, or ended, and goes on
    /// from there.
    func built(
        _ source: Digest, for image: ImageIdentity, _ manifest: Manifest, of record: AppRecord, tenant: Tenant,
        by operation: TussilagoCore.Operation
    ) async throws(PortError) -> BuiltSource {
        let reference = record.app.reference
        guard let builds = outside.builds, let python = manifest.python else {
            throw PortError(.refused, reference.description, cause: "its manifest does not say how its source is built")
        }
        if let same = try await earlier(source, for: image, python, of: reference) {
            try await log.event(.stepStarted, "the source is built already, in release \(same.number)")
            if let built = same.artefact.built { return built }
        }
        let known = record.current.flatMap { $0.artefact.image.digest == image.digest ? $0.artefact.built : nil }
        let build = Build(
            id: operation.id, app: reference, source: source, python: python, image: image.digest, known: known)
        do throws(PortError) {
            try halt.check()
            try await builds.prepare(build, limits: outside.buildLimits)
            try await installBuilds(of: record, tenant: tenant)
            try await log.event(.stepStarted, "build it in \(build.unit)")
            try await run(build)
            let built = try await builds.take(
                build, ownedBy: tenant.users.host(SandboxPolicy.strict.user), limits: outside.buildLimits)
            let what =
                built.packages == nil
                ? "no packages" : built.packages == known?.packages ? "the same packages" : "packages"
            try await log.event(.stepEnded, "built it, with \(what)")
            try await remove(build)
            return built
        } catch {
            // One that may pass is tried again, and goes on with what there is.
            guard !error.isTransient || halt.error != nil else { throw error }
            try? await remove(build)
            throw error
        }
    }

    /// A release that is kept and was built of the same.
    private func earlier(
        _ source: Digest, for image: ImageIdentity, _ python: PythonBuild, of reference: AppReference
    ) async throws(PortError) -> Release? {
        let releases = try await outside.ledger.releases(of: reference, PageQuery(limit: PageQuery.maximumLimit)).items
        return releases.first { record in
            record.state != .failed && record.release.artefact.image.digest == image.digest
                && record.release.artefact.built?.source == source && record.release.manifest.python == python
        }?.release
    }

    /// Has systemd know the unit of an app's builds; nothing when it does, as after the first.
    private func installBuilds(of record: AppRecord, tenant: Tenant) async throws(PortError) {
        var desired = try await wishes.desired(record, tenant: tenant, power: .asFound)
        desired.app?.builds = BuildTemplate(tenant: tenant, app: record.app, limits: outside.buildLimits).file
        let scope = desired.scope
        let installed = try await outside.units.observe(scope)
        if let file = desired.app?.builds, installed.units[file.path] == file.text, !installed.reloadOwed { return }
        try await reach(desired)
    }

    private func run(_ build: Build) async throws(PortError) {
        let deadline = Duration.seconds(outside.buildLimits.seconds + 60)
        do throws(PortError) {
            try await halt.during { [outside] () throws(PortError) in
                try await outside.services.start([build.unit], deadline: deadline)
            }
        } catch {
            guard error.code == .startFailed else { throw error }
            throw PortError(
                .buildFailed, build.unit.description, cause: await reason(of: build) ?? error.cause,
                detail: error.detail)
        }
    }

    /// What the builder said last of why it failed.
    private func reason(of build: Build) async -> String? {
        let lines = (try? await outside.logs.tail(build.unit, lines: 100)) ?? []
        return lines.last { $0.hasPrefix("build: ") }.map { String($0.dropFirst("build: ".count).prefix(500)) }
    }

    /// Ends a build if it runs, and takes away what it has made and found.
    private func remove(_ build: Build) async throws(PortError) {
        try await executor.perform(.stop([build.unit]))
        try await outside.builds?.clear(build)
    }
}
