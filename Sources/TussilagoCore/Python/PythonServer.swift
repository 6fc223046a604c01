/// A server that runs a Python app on the platform's Unix socket.
enum PythonServer: String, CaseIterable {
    case gunicorn, uvicorn, hypercorn, granian, daphne, waitress

    /// Those that serve an app of a kind, the one that is taken first in front.
    static func able(asynchronous: Bool) -> [PythonServer] {
        asynchronous ? [.uvicorn, .hypercorn, .granian, .daphne] : [.gunicorn, .granian, .waitress]
    }

    /// The command that serves an app, and in its socket, with nothing that the platform does already: it ends and starts
    /// anew, and Caddy is all that it talks to.
    func command(_ app: String, asynchronous: Bool, factory: Bool = false) -> [String] {
        let socket = Ingress.socketPath
        let program = ["python3", "-m", rawValue]
        switch self {
        case .gunicorn:
            // Its workers tell that they live by a file, which must lie in memory.
            return program + ["--bind", "unix:\(socket)", "--workers", "2", "--worker-tmp-dir", "/dev/shm"]
                + ["--access-logfile", "-", factory ? "\(app)()" : app]
        case .uvicorn: return program + ["--uds", socket] + (factory ? ["--factory"] : []) + [app]
        case .hypercorn: return program + ["--bind", "unix:\(socket)", factory ? "\(app)()" : app]
        case .granian:
            return program + ["--interface", asynchronous ? "asgi" : "wsgi", "--uds", socket]
                + (factory ? ["--factory"] : []) + [app]
        case .daphne: return program + ["-u", socket, app]
        case .waitress: return program + ["--unix-socket=\(socket)"] + (factory ? ["--call"] : []) + [app]
        }
    }

    /// The options that say where it listens, which are replaced, and whether each has a value of its own.
    private static let places: [String: Bool] = [
        "--bind": true, "-b": true, "--host": true, "--port": true, "-p": true, "--uds": true, "--unix-socket": true,
        "--listen": true, "-u": true, "--reload": false, "--daemon": false, "-D": false,
    ]

    /// The same command on the platform's socket; nil for a program that is none of these.
    static func moved(_ words: [String]) -> [String]? {
        var words = words
        if words.starts(with: ["python", "-m"]) || words.starts(with: ["python3", "-m"]) { words.removeFirst(2) }
        guard let program = words.first, let server = PythonServer(rawValue: program) else { return nil }
        var rest: [String] = []
        var arguments = words.dropFirst()
        while let word = arguments.popFirst() {
            let name = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
            guard let hasValue = places[name] else {
                rest.append(word)
                continue
            }
            if hasValue, !word.contains("=") { _ = arguments.popFirst() }
        }
        let own = server.command("", asynchronous: true).dropLast().filter { !["--interface", "asgi"].contains($0) }
        // What the project says of workers and logs counts.
        let socket = own.firstIndex { $0.contains(Ingress.socketPath) } ?? own.startIndex
        return Array(own[...socket]) + rest
    }
}
