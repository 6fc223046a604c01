/// How requests get to one app.
public struct AppRoute: Hashable, Sendable, Codable {
    /// The hostnames that lead to it, sorted.
    public let hostnames: [String]
    /// How many copies of it take requests.
    public let copies: Int
    /// What Caddy asks the copies for, to leave out those that do not answer; nil when there is one copy only, since
    /// there is no other to turn to.
    public let healthPath: String?
    /// What the paths begin with at which Caddy answers with files, sorted.
    public let staticPrefixes: [String]

    /// Describes a route.
    public init(hostnames: [String], copies: Int = 1, healthPath: String? = nil, staticPrefixes: [String] = []) {
        self.staticPrefixes = staticPrefixes.sorted()
        self.hostnames = hostnames.sorted()
        self.copies = max(1, copies)
        self.healthPath = copies > 1 ? healthPath ?? "/" : nil
    }
}

extension Release {
    /// The route that leads to the release when it serves; nil when it has no hostname.
    public var route: AppRoute? {
        guard !manifest.hostnames.isEmpty else { return nil }
        return AppRoute(
            hostnames: manifest.hostnames.map(\.text), copies: manifest.ingressProcess?.count ?? 1,
            healthPath: manifest.ingressProcess?.health.path, staticPrefixes: manifest.staticPaths.map(\.prefix))
    }
}

/// Which app answers at which hostname. A hostname has one owner by construction.
public struct RouteTable: Hashable, Sendable {
    /// The apps that have a route.
    private var routes: [AppReference: AppRoute]

    /// An empty table.
    public init() { routes = [:] }

    /// A table of these routes; of two claims on one hostname the first in order of the apps' names counts.
    public init(_ routes: [AppReference: AppRoute]) {
        var table = RouteTable()
        for (app, route) in routes.sorted(by: { $0.key < $1.key }) { table = table.replacing(app, with: route) }
        self = table
    }

    /// A table of apps with one copy each; of two claims on one hostname the first in order of the apps' names counts.
    public init(_ routes: [(hostname: Hostname, app: AppReference)]) {
        self.init(
            Dictionary(grouping: routes, by: \.app).mapValues { AppRoute(hostnames: $0.map(\.hostname.text)) })
    }

    /// The apps that have a route, in order.
    public var apps: [(app: AppReference, route: AppRoute)] {
        routes.sorted { $0.key < $1.key }.map { (app: $0.key, route: $0.value) }
    }

    /// Every hostname with the app that owns it, by hostname.
    public var owners: [(hostname: String, app: AppReference)] {
        routes.flatMap { app, route in route.hostnames.map { (hostname: $0, app: app) } }
            .sorted { $0.hostname < $1.hostname }
    }

    /// The route of an app.
    public subscript(app: AppReference) -> AppRoute? { routes[app] }

    /// The table with the route of one app replaced; what another app has already stays with that.
    public func replacing(_ app: AppReference, with route: AppRoute?) -> RouteTable {
        var table = self
        table.routes[app] = nil
        guard let route else { return table }
        let taken = Set(table.routes.values.flatMap(\.hostnames))
        let free = Set(route.hostnames).subtracting(taken).sorted()
        if !free.isEmpty {
            table.routes[app] = AppRoute(
                hostnames: free, copies: route.copies, healthPath: route.healthPath,
                staticPrefixes: route.staticPrefixes)
        }
        return table
    }
}
