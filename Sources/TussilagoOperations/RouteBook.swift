public import TussilagoCore

/// The one writer of routes: each change is made to the table that the change before it left behind.
///
/// Operations of different apps run side by side. Would each publish the table that it planned with, the later one
/// would take away what the earlier one had added.
public actor RouteBook {
    private let routing: any Routing
    private var last: Task<Void, Never>?

    /// Writes through this port.
    public init(_ routing: any Routing) { self.routing = routing }

    /// Makes `route` the only one that leads to `app`; nil takes it away.
    public func route(_ app: AppReference, _ route: AppRoute?) async throws(PortError) {
        try await change { $0.replacing(app, with: route) }
    }

    /// Publishes the table anew.
    func refresh() async throws(PortError) { try await change { $0 } }

    private func change(_ table: @escaping @Sendable (RouteTable) -> RouteTable) async throws(PortError) {
        let before = last
        let routing = routing
        let turn = Task { () -> Result<Void, PortError> in
            await before?.value
            do throws(PortError) {
                try await routing.publish(table(try await routing.published()))
                return .success(())
            } catch { return .failure(error) }
        }
        last = Task { _ = await turn.value }
        try await turn.value.get()
    }
}
