public import TussilagoCore

/// Performs plans: one switch, a step a port call. Nothing is decided here.
public struct Executor: Sendable {
    private let outside: Outside
    private let routes: RouteBook

    /// Longer than the longest health check and release's command that a manifest may ask for; systemd's own time-outs
    /// come first.
    private static let startDeadline = Duration.seconds(1_620)
    private static let stopDeadline = Duration.seconds(120)

    /// Performs through these ports.
    public init(_ outside: Outside, routes: RouteBook) {
        self.outside = outside
        self.routes = routes
    }

    /// Has Caddy serve what its file says, which it may have lost.
    func refreshRoutes() async throws(PortError) { try await routes.refresh() }

    /// Performs one step.
    public func perform(_ step: Step) async throws(PortError) {
        switch step {
        case .check(let files, let users): try await outside.units.check(files, users: users)
        case .files(let change): try await outside.units.perform(change)
        case .reload(let expected): try await reload(expected)
        case .start(let units): try await start(units)
        case .route(let app, let route): try await routes.route(app, route)
        case .probe(let hostnames, let path): try await outside.routing.probe(hostnames, path: path)
        case .filter: try await outside.firewall.load()
        case .drain(let seconds):
            do { try await outside.sleep(.seconds(seconds)) } catch {
                throw PortError(.unavailable, "drain", cause: "the agent is stopping")
            }
        case .stop(let units), .halt(let units): try await outside.services.stop(units, deadline: Self.stopDeadline)
        }
    }

    private func start(_ units: [UnitName]) async throws(PortError) {
        let begun = outside.now()
        do throws(PortError) { try await outside.services.start(units, deadline: Self.startDeadline) } catch {
            throw await StartReport(outside: outside).explained(error, begun: begun)
        }
    }

    /// A unit that Podman's generator dropped is found here: systemd reloads without a word about it.
    private func reload(_ expected: [UnitName]) async throws(PortError) {
        try await outside.services.reload()
        guard !expected.isEmpty else { return }
        let status = try await outside.services.status(of: expected)
        for unit in expected {
            let load = status[unit]?.load ?? "not-found"
            guard load != "loaded" else { continue }
            let schedule = unit.type == .timer ? "; systemd-analyze calendar says what is wrong with its schedule" : ""
            throw PortError(
                .refused, unit.description,
                cause: load == "masked" ? "an admin has masked it" : "systemd did not load it (\(load))\(schedule)")
        }
    }
}
