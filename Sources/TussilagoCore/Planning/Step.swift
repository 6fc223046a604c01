/// One step of a plan: one call of one port, with nothing left to decide.
public enum Step: Hashable, Sendable {
    /// Run unit files through the generator, before any is written.
    case check([UnitFile], users: UserRange)
    /// Change the platform's files.
    case files(FileChange)
    /// Have systemd read its files, and see that it found every service that the installed files stand for.
    case reload(expecting: [UnitName])
    /// Start units and wait until they serve.
    case start([UnitName])
    /// Make this the only route that leads to an app, in Caddy's configuration; nil takes it away.
    case route(AppReference, AppRoute?)
    /// See that Caddy answers at hostnames with what the app says to a path.
    case probe([String], path: String)
    /// Have the kernel filter packets by what the files say of grants now.
    case filter
    /// Let what was replaced finish what it has begun, in seconds.
    case drain(seconds: Int)
    /// Stop units that nothing leads to any more.
    case stop([UnitName])
    /// Stop an app because an admin said so; its hostnames answer 503.
    case halt([UnitName])
}

extension Step: CustomStringConvertible {
    /// The step in one line, as people see it while it is performed.
    public var description: String {
        switch self {
        case .check: "check the units with Podman's generator"
        case .files(let change): change.description
        case .reload: "reload systemd"
        case .start(let units): "start \(list(units)) and wait until ready"
        case .route(let app, nil): "remove the routes of \(app) from Caddy"
        case .route(let app, .some(let route)):
            "tell Caddy that \(list(route.hostnames)) is \(app)" + (route.copies > 1 ? ", \(route.copies) copies" : "")
        case .probe(let hostnames, _): "see that \(list(hostnames)) answers"
        case .filter: "load the firewall's table"
        case .drain(let seconds): "drain the replaced release for \(seconds) s"
        case .stop(let units): "stop \(list(units))"
        case .halt(let units): "stop \(list(units))"
        }
    }
}

extension FileChange: CustomStringConvertible {
    /// The change in one line, as people see it.
    public var description: String {
        switch self {
        case .stage(let release, _): "stage release \(release.number)"
        case .admit(let instances): "admit \(list(instances))"
        case .retire(let instances): "retire \(list(instances))"
        case .noteSecrets(let app, _): "note the secrets of \(app)"
        case .discard(_, let numbers): "remove \(numbers.count == 1 ? "release" : "releases") \(list(numbers))"
        case .install(let files): "install \(count(files.count, "unit file"))"
        case .uninstall(let paths): "remove \(count(paths.count, "unit file"))"
        case .settle: "note that systemd has loaded them"
        case .want(let target, let units):
            units.isEmpty ? "\(target) starts nothing" : "\(target) starts \(list(units))"
        case .enable(let unit, let target, let on):
            on ? "\(target) starts \(unit)" : "\(target) no longer starts \(unit)"
        case .grant(let tenant, let egress): "let apps of \(tenant) reach \(egress.words)"
        case .point(let app, let copy, let instance):
            if let instance {
                "switch \(app)\(copy == 1 ? "" : ", copy \(copy),") to release \(instance.release)"
            } else {
                "take \(app)\(copy == 1 ? "" : ", copy \(copy),") off its upstream"
            }
        }
    }
}

extension EgressGrant {
    /// What it lets apps reach, in words.
    var words: String {
        switch self {
        case .none: "nothing"
        case .list: "the hosts that their manifests name"
        case .internet: "every public address"
        }
    }
}

private func list(_ things: some Sequence<some CustomStringConvertible>) -> String {
    things.map(\.description).joined(separator: ", ")
}

private func count(_ number: Int, _ thing: String) -> String {
    number == 1 ? "1 \(thing)" : "\(number) \(thing)s"
}
