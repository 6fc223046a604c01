import CaddyAdmin
import FoundationEssentials
import Glibc
import Testing
import TussilagoCore
import UnixHTTP
import UnixHTTPTestKit

/// For a real Caddy, whose path is in `TUSSILAGO_CADDY`, and for root, since the place of upstreams is fixed.
@Suite(
    "Publishing routes to a real Caddy", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["TUSSILAGO_CADDY"] != nil))
struct RealCaddyTests {
    let app = "caddytest/shop"
    let hostname = "shop.example.org"

    @Test("Caddy starts with the document, and takes a table in one write and the same in none")
    func publish() async throws {
        let caddy = try await RunningCaddy()
        defer { caddy.remove() }
        try await caddy.client.publish(routes([hostname: app]))
        #expect(await caddy.client.writes == 1)
        try await caddy.client.publish(routes([hostname: app]))
        #expect(await caddy.client.writes == 1)
        let admin = UnixHTTPClient(socket: caddy.configuration.adminSocket)
        let answer = try await admin.send(try HTTPRequest("GET", "/config/"))
        let running = try json(String(decoding: answer.body, as: UTF8.self))
        #expect(running == caddy.configuration.document(routes([hostname: app])))
    }

    @Test("An unknown hostname is answered 404, and that of a stopped app 503 with a page")
    func pages() async throws {
        let caddy = try await RunningCaddy()
        defer { caddy.remove() }
        try await caddy.client.publish(routes([hostname: app]))
        let unknown = try await caddy.get("other.example.org")
        #expect(unknown.status == 404)
        let stopped = try await caddy.get(hostname)
        #expect(stopped.status == 503)
        #expect(stopped.headers["retry-after"] == "5")
        #expect(stopped.headers["content-type"] == "text/html; charset=utf-8")
        #expect(String(decoding: stopped.body, as: UTF8.self).contains("Not running"))
    }

    @Test("A request for an app that is starting is held until the app listens")
    func hold() async throws {
        let caddy = try await RunningCaddy()
        defer { caddy.remove() }
        try await caddy.client.publish(routes([hostname: app]))
        let server = try StubServer { _, send in _ = send(answer("200 OK", "hello")) }
        let upstream = HostPaths.upstream(try AppReference(app))
        let ingress = "\(server.directory)/ingress"
        let files = FileManager.default
        try files.createDirectory(atPath: "\(ingress)/in", withIntermediateDirectories: true)
        try files.createDirectory(atPath: "\(HostPaths.upstreams)/caddytest", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: upstream, withDestinationPath: ingress)
        defer { try? files.removeItem(atPath: "\(HostPaths.upstreams)/caddytest") }
        try Data().write(to: URL(filePath: "\(ingress)/starting"))

        async let held = caddy.get(hostname)
        try await Task.sleep(for: .seconds(1))
        try files.moveItem(atPath: server.socket, toPath: "\(ingress)/in/web.sock")
        #expect(try await held.status == 200)
        #expect(server.received.count == 1)
        try files.removeItem(atPath: "\(ingress)/starting")
        #expect(try await caddy.get(hostname).body == Array("hello".utf8))
        server.stop()
        #expect(try await caddy.get(hostname).status == 503)
    }

    @Test("What Caddy refuses leaves it and the file as they were")
    func refusal() async throws {
        let caddy = try await RunningCaddy()
        defer { caddy.remove() }
        try await caddy.client.publish(routes([hostname: app]))
        var wrong = caddy.configuration
        wrong.listen = ["nonsense/nonsense:1"]
        let error = await #expect(throws: PortError.self) {
            try await Caddy(wrong, file: caddy.file).publish(RouteTable())
        }
        #expect(error?.code == .refused)
        #expect(error?.detail.contains("nonsense") == true)
        #expect(try await caddy.client.published() == routes([hostname: app]))
        #expect(try await caddy.get(hostname).status == 503)
    }

    @Test("A Caddy that was started with somebody else's configuration gets the platform's part beside it")
    func foreignConfiguration() async throws {
        let caddy = try await RunningCaddy { #"{"admin":{"listen":"unix/\#($0)","config":{"persist":false}}}"# }
        defer { caddy.remove() }
        try await caddy.client.publish(routes([hostname: app]))
        #expect(try await caddy.get(hostname).status == 503)
        try await caddy.client.publish(RouteTable())
        #expect(try await caddy.get(hostname).status == 404)
        #expect(await caddy.client.writes == 2)
    }

    @Test("A Caddy that hangs is given up after two seconds, and told when it goes on")
    func hanging() async throws {
        let caddy = try await RunningCaddy()
        defer { caddy.remove() }
        caddy.send(SIGSTOP)
        let took = await ContinuousClock().measure {
            await expect(.timedOut) { try await caddy.client.publish(routes([hostname: app])) }
        }
        #expect(took < .seconds(3))
        caddy.send(SIGCONT)
        try await caddy.client.publish(routes([hostname: app]))
        #expect(try await caddy.get(hostname).status == 503)
    }

    @Test("500 routes are one write of less than two seconds, and are all there after a kill and a start")
    func manyRoutes() async throws {
        var caddy = try await RunningCaddy()
        defer { caddy.remove() }
        let apps = (0..<500).map { ("host\($0).example.org", "tenant\($0 % 10)/app\($0)") }
        let table = routes(Dictionary(uniqueKeysWithValues: apps))
        let took = try await ContinuousClock().measure { try await caddy.client.publish(table) }
        #expect(took < .seconds(2))
        #expect(await caddy.client.writes == 1)
        try await caddy.restart()
        #expect(try await caddy.get("host499.example.org").status == 503)
        try await caddy.client.publish(table)
        #expect(await caddy.client.writes == 0)
    }
}

/// A Caddy of its own, in a directory of its own, that listens on a Unix socket as on a port.
struct RunningCaddy {
    let configuration: CaddyConfiguration
    let file: String
    private(set) var client: Caddy
    private let directory: String
    private var process: pid_t = 0

    /// Starts it with the platform's empty document, or with another one for an admin socket.
    init(document: ((_ adminSocket: String) -> String)? = nil) async throws {
        directory = try temporaryDirectory()
        file = "\(directory)/caddy.json"
        configuration = CaddyConfiguration(
            listen: ["unix/\(directory)/front.sock"], adminSocket: "\(directory)/admin.sock")
        client = Caddy(configuration, file: file)
        if let document {
            try Data(document(configuration.adminSocket).utf8).write(to: URL(filePath: file))
        } else {
            // Nobody listens yet: the file is written all the same.
            await expect(.unavailable) { [client] in try await client.publish(RouteTable()) }
        }
        try await start()
    }

    /// Asks for the front page of a hostname.
    func get(_ hostname: String) async throws -> HTTPAnswer {
        try await UnixHTTPClient(socket: "\(directory)/front.sock")
            .send(try HTTPRequest("GET", "/", headers: [("Host", hostname)]))
    }

    /// Ends it and removes its directory.
    func remove() {
        kill()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func send(_ signal: Int32) { Glibc.kill(process, signal) }

    mutating func restart() async throws {
        kill()
        client = Caddy(configuration, file: file)
        try await start()
    }

    private func kill() {
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    private mutating func start() async throws {
        let program = ProcessInfo.processInfo.environment["TUSSILAGO_CADDY"] ?? "/usr/bin/caddy"
        let words = [program, "run", "--config", file]
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let environment: [UnsafeMutablePointer<CChar>?] = [strdup("HOME=\(directory)"), nil]
        defer { for text in arguments + environment { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 2, "\(directory)/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { posix_spawn_file_actions_destroy(&actions) }
        guard posix_spawn(&process, program, &actions, nil, arguments, environment) == 0 else {
            throw SystemCallFailed(call: "posix_spawn")
        }
        for _ in 0..<200 {
            if await client.isReachable() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw SystemCallFailed(call: "caddy run")
    }
}
