internal import TussilagoCore

extension RouteTable {
    /// Reads the table back from a document that ``CaddyConfiguration/document(_:)`` rendered.
    ///
    /// Nil when the document is not of that shape. A route that leads to no app of the platform is left out.
    init?(caddyDocument document: JSONValue) {
        let path = ["apps", "http", "servers", "tussilago", "routes"]
        guard case .array(let routes)? = path.reduce(document, { $0?[$1] }) else { return nil }
        self.init(Dictionary(routes.compactMap(Self.route), uniquingKeysWith: { first, _ in first }))
    }

    private static func route(_ route: JSONValue) -> (AppReference, AppRoute)? {
        guard case .array(let names)? = route["match"]?.first?["host"],
            // The last route of the app's own is the one for when it runs; before it stands the one for its start.
            case .array(let routes)? = route["handle"]?.first?["routes"],
            let proxy = routes.lazy.compactMap({ $0["handle"]?.first }).last(where: { $0["upstreams"] != nil }),
            case .array(let upstreams)? = proxy["upstreams"], case .string(let dial)? = upstreams.first?["dial"],
            let app = app(dialled: dial)
        else { return nil }
        let hostnames = names.compactMap { name -> String? in
            guard case .string(let text) = name else { return nil }
            return (try? Hostname(text))?.text
        }
        guard !hostnames.isEmpty else { return nil }
        var path: String?
        if case .string(let text)? = proxy["health_checks"]?["active"]?["uri"] { path = text }
        return (
            app,
            AppRoute(hostnames: hostnames, copies: upstreams.count, healthPath: path, staticPrefixes: prefixes(routes))
        )
    }

    /// What the paths begin with at which files are the answer.
    private static func prefixes(_ routes: [JSONValue]) -> [String] {
        let files = routes.first { $0["handle"]?.first?["handler"] == .string("file_server") }
        guard case .array(let patterns)? = files?["match"]?.first?["path"] else { return [] }
        return patterns.compactMap { pattern in
            guard case .string(let text) = pattern, text.hasSuffix("/*") else { return nil }
            return String(text.dropLast())
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
    /// Every hostname that a `host` matcher anywhere in it names.
    var matchedHosts: [String] {
        switch self {
        case .array(let elements): elements.flatMap(\.matchedHosts)
        case .object(let members):
            members.flatMap { key, value -> [String] in
                guard key == "host", case .array(let names) = value else { return value.matchedHosts }
                return names.compactMap { if case .string(let name) = $0 { name } else { nil } }
            }
        default: []
        }
    }

    fileprivate var first: JSONValue? {
        if case .array(let elements) = self { elements.first } else { nil }
    }
}
