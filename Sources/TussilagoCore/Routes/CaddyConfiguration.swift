/// The configuration that Caddy gets: the platform's server, and around it the little that Caddy needs to start.
///
/// A route dials a path, not an address: a release takes over by moving a symbolic link, and Caddy is told nothing.
/// Works with Caddy 2.6 and 2.11 (https://caddyserver.com/docs/json/).
public struct CaddyConfiguration: Hashable, Sendable {
    /// The addresses that the platform's server listens on, in Caddy's form: `:443`.
    public var listen: [String]
    /// Whether Caddy gets certificates for the hostnames by itself and sends HTTP to HTTPS.
    public var automaticHTTPS: Bool
    /// How long a request waits for an app that is starting, in seconds.
    public var holdSeconds: Int
    /// The Unix socket of Caddy's admin endpoint.
    public var adminSocket: String

    /// Describes the configuration.
    public init(
        listen: [String] = [":80"], automaticHTTPS: Bool = false, holdSeconds: Int = 30,
        adminSocket: String = "/run/caddy/admin.sock"
    ) {
        self.listen = listen
        self.automaticHTTPS = automaticHTTPS
        self.holdSeconds = holdSeconds
        self.adminSocket = adminSocket
    }

    /// The platform's server among those of Caddy's.
    public static let serverName = "tussilago"
    /// The platform's part of Caddy's configuration, below `/config/`. What stands beside it is not touched.
    public static let path = "apps/http/servers/\(serverName)"

    /// All that Caddy starts with.
    public func document(_ table: RouteTable) -> JSONValue {
        [
            "admin": [
                "listen": .string("unix/\(adminSocket)"), "origins": ["localhost"], "config": ["persist": false],
            ],
            "apps": [
                "http": ["grace_period": "10s", "servers": [Self.serverName: server(table), "tussilago-door": door]]
            ],
        ]
    }

    /// The agent's own door: it has no network, and asks through this socket what everybody asks for over the network.
    /// It stands beside the admin socket, in the one directory that only Caddy and root may enter.
    public var doorSocket: String {
        (adminSocket.lastIndex(of: "/").map { String(adminSocket[...$0]) } ?? "/") + "tussilago-door.sock"
    }

    /// Passes requests on to the platform's server, at the address that it listens on, with the Host that they have.
    private var door: JSONValue {
        [
            "listen": [.string("unix/\(doorSocket)")],
            "automatic_https": ["disable": true],
            "routes": [
                [
                    "handle": [
                        [
                            "handler": "reverse_proxy", "upstreams": [["dial": .string(plainAddress)]],
                            "transport": ["protocol": "http", "dial_timeout": "5s", "keep_alive": ["enabled": false]],
                        ]
                    ]
                ]
            ],
        ]
    }

    /// Where plain HTTP is answered on the host itself. With certificates that is Caddy's own redirection to HTTPS.
    private var plainAddress: String {
        guard !automaticHTTPS, let first = listen.first else { return "127.0.0.1:80" }
        return first.hasPrefix(":") ? "127.0.0.1\(first)" : first
    }

    /// The platform's part.
    public func server(_ table: RouteTable) -> JSONValue {
        var server: [String: JSONValue] = [
            "listen": .array(listen.map { .string($0) }),
            "routes": .array(table.apps.map { route($0.app, $0.route) } + [noSuchHost]),
            "errors": ["routes": [unavailable]],
        ]
        if !automaticHTTPS { server["automatic_https"] = ["disable": true] }
        return .object(server)
    }

    /// The route of one app.
    public func route(_ app: AppReference, _ route: AppRoute) -> JSONValue {
        let upstreams = (1...route.copies).map { HostPaths.upstream(app, copy: $0) }
        let starting: JSONValue = [
            "match": [exists(upstreams, HostPaths.startingMark)],
            "handle": [proxy(upstreams, ["try_duration": .string("\(holdSeconds)s"), "try_interval": "50ms"])],
        ]
        return [
            "@id": .string("tussilago-\(app.tenant)-\(app.app)"),
            "match": [["host": .array(route.hostnames.map { .string($0) })]],
            "handle": [
                [
                    "handler": "subroute", "routes": .array(files(app, route) + [starting] + running(upstreams, route)),
                    "errors": ["routes": .array(again(upstreams))],
                ]
            ],
            "terminal": true,
        ]
    }

    /// Answers with files, where there is one for the path: the links to them change with the upstream's. What is a directory,
    /// or is not there, the app is asked for.
    private func files(_ app: AppReference, _ route: AppRoute) -> [JSONValue] {
        guard !route.staticPrefixes.isEmpty else { return [] }
        let root = JSONValue.string("\(HostPaths.upstream(app))/\(HostPaths.staticFiles)")
        return [
            [
                "match": [
                    [
                        "method": ["GET", "HEAD"], "path": .array(route.staticPrefixes.map { .string("\($0)*") }),
                        "not": [["path": ["*/"]]], "file": ["root": root],
                    ]
                ],
                "handle": [["handler": "file_server", "root": root]],
            ]
        ]
    }

    /// What becomes of a request when nothing of the app is starting.
    ///
    /// With several copies, each that does not answer is left out until it does again. To be left out is a matter of
    /// seconds, also after all were stopped and started; so requests wait for a copy, but only while there is any.
    private func running(_ upstreams: [String], _ route: AppRoute) -> [JSONValue] {
        guard let path = route.healthPath, let hostname = route.hostnames.first else {
            return [["handle": [proxy(upstreams)]]]
        }
        let health: JSONValue = [
            "active": [
                // Frameworks answer only to hostnames that they know.
                "uri": .string(path), "headers": ["Host": [.string(hostname)]], "interval": "2s", "timeout": "5s",
            ]
        ]
        let balancing: JSONValue = [
            "selection_policy": ["policy": "least_conn"], "try_duration": "10s", "try_interval": "50ms",
        ]
        return [
            [
                "match": [exists(upstreams, "\(HostPaths.ingressSocketDirectory)/\(Ingress.socketName)")],
                "handle": [proxy(upstreams, balancing, health)],
            ],
            ["handle": [["handler": "error", "status_code": "503"]]],
        ]
    }

    /// What could not be passed on, of which nothing was sent, is tried once more, with the first copy that has a socket and
    /// with no wait. One that is being taken away has none.
    ///
    /// Whatever is written to Caddy, for any app, ends the waits of all requests for a copy with an error: the
    /// configuration that they wait in is gone (`tryAgain` in its reverse_proxy). So does a health check that says of all
    /// copies that they are down, though one serves.
    private func again(_ upstreams: [String]) -> [JSONValue] {
        let unsent = "{http.error.status_code} == 503 || {http.error.message}.startsWith('dial ')"
        let socket = "\(HostPaths.ingressSocketDirectory)/\(Ingress.socketName)"
        return upstreams.map { upstream in
            ["match": [exists([upstream], socket, when: unsent)], "handle": [proxy([upstream])]]
        } + [
            // An error that no route takes would be an empty answer with 200.
            ["handle": [["handler": "error", "status_code": "{http.error.status_code}"]]]
        ]
    }

    /// Matches when the name is there below any of the upstreams, and an expression holds if there is one.
    private func exists(_ upstreams: [String], _ name: String, when expression: String? = nil) -> JSONValue {
        let file: JSONValue = ["root": "/", "try_files": .array(upstreams.map { .string("\($0)/\(name)") })]
        guard let expression else { return ["file": file] }
        return ["expression": .string(expression), "file": file]
    }

    /// A request for an app that is starting is held; one for an app that is stopped is answered at once.
    ///
    /// Connections to an app are not kept: a kept one would go on to the release that was replaced, and break with it.
    private func proxy(
        _ upstreams: [String], _ balancing: JSONValue? = nil, _ health: JSONValue? = nil
    ) -> JSONValue {
        let dials = upstreams.map { upstream -> JSONValue in
            let socket = "\(upstream)/\(HostPaths.ingressSocketDirectory)/\(Ingress.socketName)"
            return ["dial": .string("unix/\(socket)")]
        }
        var proxy: [String: JSONValue] = [
            "handler": "reverse_proxy",
            "upstreams": .array(dials),
            "transport": ["protocol": "http", "dial_timeout": "5s", "keep_alive": ["enabled": false]],
        ]
        if let balancing { proxy["load_balancing"] = balancing }
        if let health { proxy["health_checks"] = health }
        return .object(proxy)
    }

    private var noSuchHost: JSONValue {
        ["handle": [page(status: "404", title: "No such site", text: "No app has this name here.")]]
    }

    /// Stands for the bare 502 that Caddy answers with when nothing listens.
    private var unavailable: JSONValue {
        [
            "match": [["expression": "{http.error.status_code} in [502, 503, 504]"]],
            "handle": [
                ["handler": "headers", "response": ["set": ["Retry-After": ["5"], "Cache-Control": ["no-store"]]]],
                page(
                    status: "503", title: "Not running",
                    text: "The app behind this address is not running at the moment. Please try again in a while."),
            ],
        ]
    }

    private func page(status: String, title: String, text: String) -> JSONValue {
        let body = """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>\(title)</title>\
            <meta name="viewport" content="width=device-width">\
            <body style="font:1.1em system-ui;max-width:32em;margin:20vh auto;padding:0 1em">\
            <h1>\(title)</h1><p>\(text)</p></body></html>

            """
        return [
            "handler": "static_response", "status_code": .string(status), "body": .string(body),
            "headers": ["Content-Type": ["text/html; charset=utf-8"]],
        ]
    }
}
