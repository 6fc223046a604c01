internal import TussilagoCore

extension RouteTable {
    /// Reads the table back from a document that ``CaddyConfiguration/document(_:)`` rendered.
    ///
    /// Nil when the document is not of that shape. A route that leads to no app of the platform is left out.
    init?(caddyDocument document: JSONValue) {
        let path = ["apps", "http", "servers", "tussilago", "routes"]
        guard case .array(let routes)? = path.reduce(document, { $0?[$1] }) else { return nil }
        self.init(routes.flatMap(Self.routes))
    }

    private static func routes(of route: JSONValue) -> [(hostname: Hostname, app: AppReference)] {
        guard case .array(let hostnames)? = route["match"]?.first?["host"],
            case .string(let dial)? = route["handle"]?.dials,
            let app = app(dialled: dial)
        else { return [] }
        return hostnames.compactMap { hostname in
            guard case .string(let text) = hostname, let hostname = try? Hostname(text) else { return nil }
            return (hostname, app)
        }
    }

    /// The app whose upstream a `dial` leads to: `unix//var/lib/tussilago/upstreams/acme/shop/…`.
    private static func app(dialled dial: String) -> AppReference? {
        let prefix = "unix/\(HostPaths.upstreams)/"
        guard dial.hasPrefix(prefix) else { return nil }
        let names = dial.dropFirst(prefix.count).split(separator: "/", maxSplits: 2)
        guard names.count == 3 else { return nil }
        return try? AppReference(names[0] + "/" + names[1])
    }
}

extension JSONValue {
    fileprivate var first: JSONValue? {
        if case .array(let elements) = self { elements.first } else { nil }
    }

    /// The first address that a list of handlers dials, through the routes of subroutes.
    fileprivate var dials: JSONValue? {
        guard let handler = first else { return nil }
        return handler["upstreams"]?.first?["dial"] ?? handler["routes"]?.first?["handle"]?.dials
    }
}
