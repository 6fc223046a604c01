import FoundationEssentials
public import TussilagoAPI
public import TussilagoCore

/// Shows what a deploy would change, by the same planner that would change it. Nothing is written.
public struct PlanPreview: Sendable {
    private let outside: Outside
    private let caddy: CaddyConfiguration

    /// Previews through these ports.
    public init(_ outside: Outside, caddy: CaddyConfiguration) {
        self.outside = outside
        self.caddy = caddy
    }

    /// The steps of a deploy, and every text that it would change, with the reason.
    public func preview(
        _ deployment: Deployment, of record: AppRecord, tenant: Tenant
    ) async throws(PortError) -> PlanResource {
        let image = try await outside.images.resolve(deployment.image)
        let history = try await outside.ledger.history(of: record.app.reference)
        let secrets = try await SecretChoice(ledger: outside.ledger).preview(
            deployment.manifest, of: record.app.reference)
        let release = ReleaseMaker.release(
            id: outside.makeID(), deployment.manifest(after: record.current), artefact(image, deployment, record),
            secrets: secrets, app: record.app,
            tenant: tenant, history: history)
        let wishes = Wishes(outside.ledger)
        var desired = try await wishes.desired(record, tenant: tenant, power: .on)
        let kept = Wishes.kept(desired.app?.kept ?? [], with: release)
        desired.app?.kept = kept
        desired.app?.current = release
        desired.app?.phase = release.phase
        let observed = try await Observer(outside).observe(desired)
        let steps = Planner.plan(from: observed, to: desired).steps.map(\.description)
        return PlanResource(
            steps: steps,
            changes: units(desired, observed, release) + environment(record, release) + routes(release, observed))
    }

    /// A directory is only named, not read, and a source not built: what is in them does not change a unit's text.
    private func artefact(_ image: ImageIdentity, _ deployment: Deployment, _ record: AppRecord) -> Artefact {
        if let source = deployment.source {
            let built = record.current?.artefact.built
            return .source(
                image,
                built: BuiltSource(
                    source: source, tree: built?.tree ?? source, packages: built.map(\.packages) ?? source,
                    key: built?.key ?? source))
        }
        guard deployment.files != nil else { return .image(image) }
        return .imageWithFiles(image, tree: record.current?.artefact.tree ?? image.digest)
    }

    private func units(_ desired: DesiredState, _ observed: ObservedState, _ release: Release) -> [PlanResource.Change]
    {
        let installed = observed.installed.units
        let new = desired.unitFiles.filter { installed[$0.path] != $0.text }.map { file in
            let process = process(of: file.path)
            let before = installed[file.path] ?? process.flatMap { file.path.isQuadlet ? newest($0, installed) : nil }
            return PlanResource.Change(
                subject: name(file.path), reason: reason(file.path, process, isNew: before == nil), before: before,
                after: file.text, lines: process.map { lineReasons(before, file.text, $0) } ?? [])
        }
        let wanted = Set(desired.unitFiles.map(\.path))
        let gone = installed.filter { !wanted.contains($0.key) }.sorted { $0.key < $1.key }.map { path, text in
            PlanResource.Change(
                subject: name(path), reason: "no release that is kept uses it any more", before: text, after: nil)
        }
        return new + gone
    }

    private func reason(_ path: UnitFile.Path, _ process: ProcessName?, isNew: Bool) -> String {
        switch path {
        case .template where isNew: "process \(process.map(\.rawValue) ?? "") gets its first unit"
        case .template:
            "process \(process.map(\.rawValue) ?? "") changes its shape: it gets a unit of a new name, so that going back brings the old text back"
        case .system(let unit) where unit.type == .timer:
            "process \(process.map(\.rawValue) ?? "") \(isNew ? "runs on a schedule" : "has a timer of an earlier version")"
        case .network: "the app listens on a TCP port or has egress, and so needs a bridge of its own"
        case .system: isNew ? "the app's own slice and target" : "the file is not as tussilagod writes it"
        }
    }

    private func lineReasons(_ before: String?, _ after: String, _ process: ProcessName) -> [PlanResource.LineReason] {
        let old = Set((before ?? "").split(separator: "\n")), new = Set(after.split(separator: "\n"))
        let reasons = old.symmetricDifference(new).compactMap { line -> PlanResource.LineReason? in
            guard let key = line.split(separator: "=").first else { return nil }
            return LineReasons.reason(for: line, process: process).map { .init(key: String(key), reason: $0) }
        }
        return Set(reasons).sorted { ($0.key, $0.reason) < ($1.key, $1.reason) }
    }

    private func environment(_ record: AppRecord, _ release: Release) -> [PlanResource.Change] {
        func text(_ release: Release?) -> String? {
            release.map { $0.manifest.environment.map { "\($0.name)=\($0.value)\n" }.joined() }
        }
        func image(_ release: Release?) -> String? {
            release.map { "\($0.artefact.image.reference) \($0.artefact.image.digest)\n" }
        }
        var changes: [PlanResource.Change] = []
        if text(record.current) ?? "" != text(release) {
            changes.append(
                .init(
                    subject: "environment", reason: "the manifest's environment", before: text(record.current),
                    after: text(release)))
        }
        if image(record.current) != image(release) {
            changes.append(
                .init(
                    subject: "image", reason: "what the image's name means now", before: image(record.current),
                    after: image(release)))
        }
        // Which values, never the values.
        func secrets(_ release: Release?) -> String? {
            release.map { $0.secrets.map { "\($0.name) version \($0.number)\n" }.joined() }
        }
        if secrets(record.current) ?? "" != secrets(release) {
            changes.append(
                .init(
                    subject: "secrets", reason: "the manifest's secrets, and which values were set last",
                    before: secrets(record.current), after: secrets(release)))
        }
        return changes
    }

    private func routes(_ release: Release, _ observed: ObservedState) -> [PlanResource.Change] {
        guard observed.route != release.route else { return [] }
        func json(_ route: AppRoute?) -> String? {
            guard let route else { return nil }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(caddy.route(release.app, route))).map {
                String(decoding: $0, as: UTF8.self) + "\n"
            }
        }
        return [
            .init(
                subject: "Caddy's route of \(release.app)", reason: "the manifest's hostnames and counts",
                before: json(observed.route), after: json(release.route))
        ]
    }

    private func process(of path: UnitFile.Path) -> ProcessName? {
        switch path {
        case .template(_, let stem): TemplateName(stem: stem)?.process
        case .system(let unit): TemplateName(timer: unit)?.process
        case .network: nil
        }
    }

    /// The text of a process's newest template: what a new generation is compared with.
    private func newest(_ process: ProcessName, _ installed: [UnitFile.Path: String]) -> String? {
        installed.compactMap { path, text -> (Int, String)? in
            guard case .template(_, let stem) = path, let name = TemplateName(stem: stem), name.process == process
            else {
                return nil
            }
            return (name.generation, text)
        }.max { $0.0 < $1.0 }?.1
    }

    private func name(_ path: UnitFile.Path) -> String {
        path.description.split(separator: "/").last.map(String.init) ?? path.description
    }
}
