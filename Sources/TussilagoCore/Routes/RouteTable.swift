/// Which app answers at which hostname. A hostname has one owner by construction.
public struct RouteTable: Hashable, Sendable, Codable {
    /// The app of each hostname.
    public private(set) var apps: [String: AppReference]

    /// An empty table.
    public init() { apps = [:] }

    /// A table of these routes; of two claims on one hostname the first in order of the apps' names counts.
    public init(_ routes: [(hostname: Hostname, app: AppReference)]) {
        apps = Dictionary(routes.map { ($0.hostname.text, $0.app) }, uniquingKeysWith: min)
    }

    /// The routes, by hostname.
    public var routes: [(hostname: String, app: AppReference)] {
        apps.sorted { $0.key < $1.key }.map { (hostname: $0.key, app: $0.value) }
    }

    /// The apps that have a route, each with its hostnames, in order.
    public var hostnames: [(app: AppReference, hostnames: [String])] {
        Dictionary(grouping: apps, by: \.value)
            .map { (app: $0.key, hostnames: $0.value.map(\.key).sorted()) }
            .sorted { $0.app < $1.app }
    }

    /// Whether any hostname leads to `app`.
    public func leads(to app: AppReference) -> Bool { apps.values.contains(app) }

    /// The table with the hostnames of one app replaced.
    public func replacing(_ app: AppReference, with hostnames: [Hostname]) -> RouteTable {
        var table = self
        table.apps = apps.filter { $0.value != app }
        for hostname in hostnames where table.apps[hostname.text] == nil { table.apps[hostname.text] = app }
        return table
    }
}
