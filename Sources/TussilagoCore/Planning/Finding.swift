/// Something that is not as it shall be, and what becomes of it.
public struct Finding: Hashable, Sendable, Codable {
    /// What it is about: `acme/shop`, `acme`, `Caddy`.
    public let subject: String
    /// What is not as it shall be.
    public let what: String
    /// What becomes of it.
    public let action: Action

    /// What becomes of a finding.
    public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
        /// It is brought back to what it shall be.
        case repair
        /// It is left, since it is an admin's own will.
        case respect
        /// It is only told: nothing that the platform owns could mend it.
        case report
    }

    /// Describes a finding.
    public init(subject: String, what: String, action: Action) {
        self.subject = subject
        self.what = what
        self.action = action
    }
}

extension Finding {
    /// What a plan repairs, in words, and what it leaves as an admin has made it.
    public static func findings(_ plan: Plan, from observed: ObservedState, to desired: DesiredState) -> [Finding] {
        let subject = desired.scope.description
        let repaired = plan.steps.flatMap { words($0, observed) }
        return repaired.map { Finding(subject: subject, what: $0, action: .repair) }
            + left(observed, desired).map { Finding(subject: subject, what: $0, action: .respect) }
    }

    private static func words(_ step: Step, _ observed: ObservedState) -> [String] {
        switch step {
        case .files(let change): words(change, observed)
        case .route(_, let route):
            ["Caddy was told of \(words(observed.route)) instead of \(words(route))"]
        case .start(let units):
            units.map { unit in
                let status = observed.status[unit] ?? .notFound
                return status.active == "failed" ? "\(unit) has failed" : "\(unit) does not run"
            }
        case .stop(let units), .halt(let units): units.map { "\($0) runs, and nothing needs it" }
        // What they are for is told already.
        case .check, .reload, .probe, .filter, .drain: []
        }
    }

    private static func words(_ change: FileChange, _ observed: ObservedState) -> [String] {
        switch change {
        case .stage(let release, _): ["the files of release \(release.number) are missing"]
        case .discard(_, let numbers): numbers.map { "the files of release \($0) are left over" }
        case .noteSecrets: ["the record of its secrets is not as it shall be"]
        case .admit(let instances): instances.map { "\($0) has no link to its release" }
        case .retire(let instances): instances.map { "\($0) still has a link to its release" }
        case .install(let files):
            files.map {
                "\($0.path.fileName) \(observed.installed.units[$0.path] == nil ? "is missing" : "was changed")"
            }
        case .uninstall(let paths): paths.map { "\($0.fileName) is left over" }
        case .settle: observed.installed.reloadOwed ? ["systemd has not read the newest unit files"] : []
        case .want(let target, let units):
            ["\(target) does not start exactly \(units.map(\.description).joined(separator: ", "))"]
        case .enable(let unit, let target, let on): ["\(target) \(on ? "does not start" : "still starts") \(unit)"]
        case .grant(_, let egress):
            ["its apps may reach \(observed.installed.egress.words) instead of \(egress.words)"]
        case .point(_, let copy, let instance):
            [
                "the upstream of copy \(copy) leads to "
                    + "\(observed.installed.upstreams[copy]?.description ?? "nothing") instead of "
                    + "\(instance?.description ?? "nothing")"
            ]
        }
    }

    private static func words(_ route: AppRoute?) -> String {
        guard let route else { return "no hostname" }
        return route.hostnames.joined(separator: ", ") + (route.copies > 1 ? " (\(route.copies) copies)" : "")
    }

    /// What an admin has stopped or masked.
    private static func left(_ observed: ObservedState, _ desired: DesiredState) -> [String] {
        guard case .app(let reference) = desired.scope, let app = desired.app, app.current != nil else { return [] }
        let units = [reference.target] + app.instances.map(\.unit)
        let masked = units.filter { observed.status[$0]?.load == "masked" }.map { "\($0) is masked" }
        guard app.instances.contains(where: { observed.mayRun($0.unit) }) else {
            return masked.isEmpty && observed.status[reference.target]?.active == "inactive"
                ? ["it is stopped"] : masked
        }
        return masked
            + app.instances.map(\.unit).filter { unit in
                observed.status[unit]?.isStopped ?? false
            }.map { "\($0) is stopped" }
    }
}

extension UnitFile.Path {
    /// The file's own name.
    public var fileName: String { description.split(separator: "/").last.map(String.init) ?? description }
}

extension Scope: CustomStringConvertible {
    /// What it covers, as people write it.
    public var description: String {
        switch self {
        case .tenant(let name): name.description
        case .app(let app): app.description
        }
    }
}
