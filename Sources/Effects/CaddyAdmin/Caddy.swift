public import TussilagoCore
internal import UnixHTTP

/// Caddy, told through its admin endpoint and through the file that it starts with.
///
/// A publication writes the file first: from then on Caddy serves the table at its next start, whatever happens. Then
/// the platform's part goes to the running Caddy in one request, since each request has Caddy set up all of its
/// configuration anew. Publications take turns. Between the two a mark says that Caddy is owed what the file has: the
/// file alone would look to the next reader, or to the next agent after a crash, as if all were done.
public actor Caddy: Routing {
    /// How often the running configuration was read, since the start.
    public private(set) var reads = 0
    /// How often it was written.
    public private(set) var writes = 0

    private let configuration: CaddyConfiguration
    private let file: ConfigurationFile
    private let endpoint: AdminEndpoint
    private var isPublishing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Nothing is opened yet.
    /// - Parameters:
    ///   - configuration: What is around the routes.
    ///   - path: The file that Caddy starts with (`caddy run --config`). Its directory is made if need be.
    public init(_ configuration: CaddyConfiguration, file path: String = HostPaths.caddyConfiguration) {
        self.configuration = configuration
        file = ConfigurationFile(path: path)
        endpoint = AdminEndpoint(socket: configuration.adminSocket)
    }

    /// The table in the file. A running Caddy that is owed it gets it first.
    ///
    /// No file, and one that is not the platform's, is an empty table: the next publication writes it anew.
    /// - Throws: what ``publish(_:)`` throws when a running Caddy is owed the table and does not take it.
    public func published() async throws(PortError) -> RouteTable {
        guard file.isOwed else { return try table() }
        await takeTurn()
        defer { endTurn() }
        let table = try table()
        guard file.isOwed else { return table }
        do throws(PortError) {
            try await push(configuration.server(table))
            file.settle()
        } catch {
            // One that does not run has nothing to be told: it starts with the file.
            if isReachable() { throw error }
        }
        return table
    }

    private func table() throws(PortError) -> RouteTable {
        guard let content = try file.read(), let document = try? JSONReader.read(content) else { return RouteTable() }
        return RouteTable(caddyDocument: document) ?? RouteTable()
    }

    /// Makes `table` what Caddy serves, now and after its next start.
    /// - Throws: ``PortError/Code-swift.enum/unavailable`` and ``PortError/Code-swift.enum/timedOut`` when the running
    ///   Caddy could not be told; the file is written then. ``PortError/Code-swift.enum/conflict`` when somebody else
    ///   changes the same part again and again. ``PortError/Code-swift.enum/refused`` when Caddy cannot run with it;
    ///   the file is what it was then.
    public func publish(_ table: RouteTable) async throws(PortError) {
        await takeTurn()
        defer { endTurn() }
        let old = try file.read()
        let new = JSONWriter.write(configuration.document(table))
        if new != old {
            try file.owe()
            try file.replace(with: new)
        }
        do throws(PortError) {
            try await push(configuration.server(table))
        } catch {
            if error.code == .refused, new != old {
                try file.replace(with: old)
                file.settle()
            }
            throw error
        }
        file.settle()
    }

    /// The published hostnames that other servers or apps of Caddy's configuration claim as well.
    public func foreignHostnames() async throws(PortError) -> [String] {
        let ours = Set(try table().owners.map(\.hostname))
        guard !ours.isEmpty, case .object(let servers)? = try await endpoint.servers() else { return [] }
        let others = servers.filter { $0.key != CaddyConfiguration.serverName }.values
        return Set(others.flatMap(\.matchedHosts)).intersection(ours).sorted()
    }

    /// How long it may take until a hostname answers, and how long one answer may.
    private static let probeTime = Duration.seconds(10)
    private static let answerTime = Duration.seconds(5)

    /// Asks for a path at each hostname, through the door that Caddy has for that.
    ///
    /// The app has just answered at that path; so any answer but those of Caddy itself for what is not there, or does not
    /// answer, comes from it. A Caddy that was started before it had a door is not asked.
    public func probe(_ hostnames: [String], path: String) async throws(PortError) {
        guard SocketProbe.accepts(configuration.doorSocket) else { return }
        let door = UnixHTTPClient(socket: configuration.doorSocket, peer: "Caddy")
        let deadline = ContinuousClock.now + Self.probeTime
        for hostname in hostnames {
            let request = try HTTPRequest("GET", path, headers: [("Host", hostname)], timeout: Self.answerTime)
            while true {
                let outcome: String
                do throws(PortError) {
                    let status = try await door.stream(request, idle: Self.answerTime) { _ in false }
                    guard status == 404 || status >= 500 else { break }
                    outcome = "\(status)"
                } catch { outcome = error.cause }
                guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(100))) != nil else {
                    throw PortError(
                        .refused, hostname, cause: "Caddy was told of it, and answers \(outcome) there to GET \(path)")
                }
            }
        }
    }

    /// Whether somebody listens on Caddy's admin socket. No HTTP client is loaded for that.
    public func isReachable() -> Bool { SocketProbe.accepts(configuration.adminSocket) }

    /// Tells the running Caddy, in three attempts.
    ///
    /// A change by somebody else is met with another reading. So is a lost connection, since Caddy sets up its admin
    /// endpoint anew with each change; what was written before it was lost is found then.
    private func push(_ server: JSONValue) async throws(PortError) {
        for _ in 1..<3 {
            do throws(PortError) {
                return try await pushOnce(server)
            } catch  where error.code == .conflict || error.code == .unavailable {
                guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { throw error }
            }
        }
        try await pushOnce(server)
    }

    private func pushOnce(_ server: JSONValue) async throws(PortError) {
        reads += 1
        let current = try await endpoint.current()
        if case .object(server, _) = current { return }
        writes += 1
        try await endpoint.set(server, over: current)
    }

    private func takeTurn() async {
        guard isPublishing else {
            isPublishing = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func endTurn() {
        if waiting.isEmpty { isPublishing = false } else { waiting.removeFirst().resume() }
    }
}
