internal import TussilagoCore
internal import UnixHTTP

/// Caddy's admin endpoint (https://caddyserver.com/docs/api), as far as the platform's server object goes.
struct AdminEndpoint: Sendable {
    let client: UnixHTTPClient

    private static let path = "/config/\(CaddyConfiguration.path)"

    /// The platform's server as Caddy has it.
    enum Current {
        /// The object and its entity tag; the object is `null` when Caddy has servers, but not this one.
        case object(JSONValue, tag: String?)
        /// Caddy has no servers at all, so that there is nothing to ask for.
        case absent
    }

    init(socket: String) { client = UnixHTTPClient(socket: socket, peer: "Caddy") }

    /// What Caddy has.
    func current() async throws(PortError) -> Current {
        let answer = try await get()
        switch answer.status {
        case 200:
            do throws(JSONReader.Failure) {
                // Caddy 2.6 sends the tag as a trailer.
                return .object(try JSONReader.read(answer.body), tag: answer.headers["etag"])
            } catch {
                let detail = "\(error.expected) expected at byte \(error.position)"
                throw PortError(.unexpected, "Caddy", cause: "its configuration is no JSON", detail: detail)
            }
        // The path leads through an object that is not there: 400 of both versions.
        case 400, 404: return .absent
        default:
            throw PortError(.unexpected, "Caddy", cause: "it does not show its configuration", detail: answer.reason)
        }
    }

    /// Every server of Caddy's; nil when it has none.
    func servers() async throws(PortError) -> JSONValue? {
        let answer = try await send("GET", "/config/apps/http/servers", [], nil, timeout: .seconds(2))
        guard answer.status == 200 else { return nil }
        return try? JSONReader.read(answer.body)
    }

    /// Sets the object, if it still is what ``current()`` gave.
    /// - Throws: ``PortError/Code-swift.enum/conflict`` if it is not, ``PortError/Code-swift.enum/refused`` with
    ///   Caddy's reason in the detail when Caddy cannot run with the new one; it goes on with the old one then.
    func set(_ server: JSONValue, over current: Current) async throws(PortError) {
        // POST sets the member of an object. PUT makes the objects on the way to it, and never replaces one.
        let (method, tag): (String, String?) =
            switch current {
            case .object(_, let tag): ("POST", tag)
            case .absent: ("PUT", nil)
            }
        var headers = [(name: "Content-Type", value: "application/json")]
        if let tag { headers.append((name: "If-Match", value: tag)) }
        let answer = try await send(method, Self.path, headers, JSONWriter.write(server), timeout: .seconds(20))
        switch answer.status {
        case 200..<300: return
        case 409, 412:
            throw PortError(.conflict, "Caddy", cause: "its configuration changed meanwhile", detail: answer.reason)
        default: throw PortError(.refused, "Caddy", cause: "it refused the new configuration", detail: answer.reason)
        }
    }

    private func get() async throws(PortError) -> HTTPAnswer {
        try await send("GET", Self.path, [], nil, timeout: .seconds(2))
    }

    private func send(
        _ method: String, _ path: String, _ headers: [(name: String, value: String)], _ body: [UInt8]?,
        timeout: Duration
    ) async throws(PortError) -> HTTPAnswer {
        let limit = 64 << 20
        let answer = try await client.send(
            try HTTPRequest(method, path, headers: headers, body: body, timeout: timeout, bodyLimit: limit))
        guard answer.status == 403 else { return answer }
        // Unless its configuration names `localhost` an origin, Caddy 2.6 wants the Host of a Unix socket to be empty.
        let hostless = headers + [(name: "Host", value: "")]
        return try await client.send(
            try HTTPRequest(method, path, headers: hostless, body: body, timeout: timeout, bodyLimit: limit))
    }
}

extension HTTPAnswer {
    /// What Caddy says about an error, with the status; the journal's business alone.
    fileprivate var reason: String {
        let text = String(decoding: body.prefix(2000), as: UTF8.self)
        guard let said = try? JSONReader.read(body), case .string(let error)? = said["error"] else {
            return "\(status): \(text)"
        }
        return "\(status): \(error)"
    }
}
