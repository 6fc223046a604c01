public import TussilagoCore

/// Finds out what is, for as much of the host as a plan is about: one look at the files, one call of systemd.
public struct Observer: Sendable {
    private let outside: Outside

    /// Observes through these ports.
    public init(_ outside: Outside) { self.outside = outside }

    /// What is, within the scope of `desired`.
    public func observe(_ desired: DesiredState) async throws(PortError) -> ObservedState {
        let installed = try await outside.units.observe(desired.scope)
        let status = try await outside.services.status(of: desired.units(with: installed))
        var route: AppRoute?
        if case .app(let app) = desired.scope { route = try await outside.routing.published()[app] }
        return ObservedState(installed: installed, status: status, route: route)
    }
}
