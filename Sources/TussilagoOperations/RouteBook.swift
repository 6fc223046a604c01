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

    /// Makes exactly `hostnames` lead to `app`.
    public func route(_ app: AppReference, _ hostnames: [String]) async throws(PortError) {
        let before = last
        let routing = routing
        let turn = Task { () -> Result<Void, PortError> in
            await before?.value
            do throws(PortError) {
                let table = try await routing.published()
                try await routing.publish(table.replacing(app, with: hostnames.compactMap { try? Hostname($0) }))
                return .success(())
            } catch { return .failure(error) }
        }
        last = Task { _ = await turn.value }
        try await turn.value.get()
    }
}
