import CaddyAdmin
import Synchronization
import TussilagoCore
import UnixHTTPTestKit

/// As much of Caddy's admin endpoint as ``Caddy`` uses, with the ways of both versions and with faults.
final class StubCaddy: Sendable {
    /// How it behaves.
    struct Manner: Sendable {
        /// 2.6 sends the entity tag after the body, and refuses the Host `localhost`.
        var isOld = false
        /// What it has: the text of the server object, or no servers at all.
        var server: String? = "null"
        /// Each write meets a change by somebody else, so many times.
        var conflicts = 0
        /// It refuses what is written, with this reason.
        var refusal: String?
        /// It closes so many connections after it has performed the write.
        var hangUps = 0
    }

    private struct State {
        var manner: Manner
        var version = 1
        var tag: String { "\"/config/apps/http/servers/tussilago \(version)\"" }
    }

    /// The server's closure and the test share it.
    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ manner: Manner) { state = Mutex(State(manner: manner)) }
    }

    private let shared: Shared
    private let http: StubServer

    init(_ manner: Manner = Manner()) throws {
        let shared = Shared(manner)
        self.shared = shared
        http = try StubServer { request, send in
            if let text = shared.state.withLock({ Self.answer(to: request, &$0) }) { _ = send(text) }
        }
    }

    /// What it has.
    var server: String? { shared.state.withLock { $0.manner.server } }
    /// The methods of the requests so far.
    var methods: [String] { http.received.map(\.method) }
    var received: [StubServer.Request] { http.received }
    var directory: String { http.directory }

    /// A client of it, whose file lies in a directory that is not there yet.
    var client: Caddy { Caddy(configuration, file: file) }
    var file: String { "\(directory)/caddy/caddy.json" }
    var configuration: CaddyConfiguration { CaddyConfiguration(adminSocket: http.socket) }

    func behave(_ change: @Sendable (inout Manner) -> Void) { shared.state.withLock { change(&$0.manner) } }
    func stop() { http.stop() }

    private static func answer(to request: StubServer.Request, _ state: inout State) -> String? {
        func error(_ status: String, _ reason: String) -> String {
            UnixHTTPTestKit.answer(status, #"{"error":"\#(reason)"}"# + "\n")
        }
        let path = "/config/apps/http/servers/tussilago"
        guard request.line.contains(" \(path) ") else { return error("404 Not Found", "no such path") }
        if state.manner.isOld, request.header("Host") != "" { return error("403 Forbidden", "host not allowed") }
        if request.method == "GET" {
            guard let server = state.manner.server else { return error("400 Bad Request", "invalid traversal path") }
            if state.manner.isOld {
                return UnixHTTPTestKit.answer("200 OK", chunked: server, trailer: "Etag: \(state.tag)")
            }
            return UnixHTTPTestKit.answer("200 OK", server, headers: ["Etag: \(state.tag)"])
        }
        if state.manner.conflicts > 0 {
            state.manner.conflicts -= 1
            state.version += 1
        }
        if state.manner.server == nil {
            guard request.method == "PUT" else { return error("400 Bad Request", "invalid traversal path") }
        } else {
            guard request.method == "POST" else { return error("409 Conflict", "key already exists") }
            guard request.header("If-Match") == state.tag else { return error("412 Precondition Failed", "changed") }
        }
        if let refusal = state.manner.refusal { return error("500 Internal Server Error", refusal) }
        state.manner.server = request.body
        state.version += 1
        if state.manner.hangUps > 0 {
            state.manner.hangUps -= 1
            return nil
        }
        return UnixHTTPTestKit.answer("200 OK", "")
    }
}
