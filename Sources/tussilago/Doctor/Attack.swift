import FoundationEssentials
import Glibc
import TussilagoAPI
import TussilagoCore
import UnixHTTP

/// Attacks this host from within a sandbox: deploys an app whose code tries to get out, and says what it met.
///
/// The probes are those that the project's own tests run (`probes/`), installed with the platform. There each of them is
/// shown to get in where no sandbox is; here only that none does.
struct Attack {
    let client: Client
    let image: String

    private static let probes = "/usr/share/tussilago/probes"
    private static let patience = Duration.seconds(120)

    /// What the probes are told to attack, and how they are answered.
    private struct Targets: Encodable {
        var pid: Int32
        var key = 0x755_1A60
        var queue = "tussilago-canary"
        var planted: String
        var abstract = "/tussilago-canary"
        var neighbour = "/run/podman/podman.sock"
        var name = "localhost.localdomain"
        var secrets: [String: String]
        var places: [String: String]
        var names: [String]
    }

    private struct Result: Decodable {
        var got: String?
        var passed: Bool
    }

    private struct Probe: Decodable {
        var judge: String
        var what: String
    }

    func run() async throws -> [HostCheck] {
        guard geteuid() == 0 else {
            throw failure("an attack needs root, to reach the sandbox directly", "sudo tussilago doctor --attack")
        }
        guard access("\(Self.probes)/main.py", R_OK) == 0 else {
            throw failure("the probes are not installed in \(Self.probes)", "install the platform anew: make install")
        }
        let name = "doctor-\(UUID().lowercased.prefix(8))"
        let app = try AppReference("\(name)/attack")
        do {
            let checks = try await attack(app)
            try await remove(app)
            return checks
        } catch {
            // What is reported is what went wrong, not that it could not be cleaned up after it.
            try? await remove(app)
            throw error
        }
    }

    private func attack(_ app: AppReference) async throws -> [HostCheck] {
        try await finish(client.post(Paths.tenants, CreateRequest(name: app.tenant.rawValue)))
        try await finish(client.post(Paths.apps(app.tenant), CreateRequest(name: app.app.rawValue)))
        let manifest = """
            image = "\(image)"
            [processes.web]
            command = ["python3", "-u", "main.py"]
            ingress = "socket"
            health = { path = "/health", timeout = "60s" }
            """
        try await finish(
            client.post(Paths.releases(app), DeployRequest(manifest: manifest, files: Self.probes)))
        let canary = try Canary(json: client.json)
        defer { canary.remove() }
        let socket = "\(HostPaths.upstream(app))/\(HostPaths.ingressSocketDirectory)/\(Ingress.socketName)"
        let http = UnixHTTPClient(socket: socket, peer: "the hostile app")
        let all: [String: Probe] = try await ask(http, "GET", "/probes", body: nil)
        // What has to be looked at on the host afterwards is the tests' to judge.
        let probes = all.filter { $0.value.judge != "effect" }
        let body = try targets(canary, names: probes.keys.sorted())
        return judge(try await ask(http, "POST", "/run", body: body), probes, secrets: canary.secrets)
    }

    private func targets(_ canary: Canary, names: [String]) throws -> [UInt8] {
        let loopback = "127.0.0.1"
        let places = [
            "loopback": loopback, "loopback6": "::1", "gateway": "10.80.0.1", "other-gateway": "10.80.1.1",
            "outside": "192.0.2.1", "metadata": "169.254.169.254", "private": "10.0.0.1", "neighbour": "10.80.0.2",
        ]
        let targets = Targets(
            pid: getpid(), planted: "/run/dbus/system_bus_socket",
            secrets: ["host": canary.path, "neighbour": canary.path, "state": canary.path], places: places, names: names
        )
        return [UInt8](try APICoding.encode(targets))
    }

    /// One that reads got in if it has read one of the secrets; of the others, their own word counts.
    private func judge(_ answers: [String: Result], _ probes: [String: Probe], secrets: [String]) -> [HostCheck] {
        let inside = probes.filter { name, probe in
            guard let answer = answers[name] else { return true }
            guard probe.judge == "text" else { return answer.passed }
            return secrets.contains { answer.got?.contains($0) ?? false }
        }.sorted { $0.key < $1.key }
        let mend = "stop the apps whose code you do not trust, and upgrade gVisor: apt install runsc"
        let summary = HostCheck(
            "sandbox", inside.isEmpty && !probes.isEmpty ? .good : .bad,
            "\(probes.count - inside.count) of \(probes.count) attempts to get out were refused",
            remedy: inside.isEmpty ? nil : mend)
        return [summary]
            + inside.map { name, probe in
                HostCheck(name, .bad, answers[name] == nil ? "did not answer" : "\(probe.what): it could")
            }
    }

    private func ask<Answer: Decodable>(
        _ http: UnixHTTPClient, _ method: String, _ path: String, body: [UInt8]?
    ) async throws -> Answer {
        do {
            let headers = [(name: "Content-Type", value: "application/json")]
            let answer = try await http.send(
                try HTTPRequest(method, path, headers: headers, body: body, timeout: Self.patience, bodyLimit: 64 << 20)
            )
            return try APICoding.decode(Answer.self, from: Data(answer.body))
        } catch {
            throw failure("the hostile app did not answer: \(error)", "tussilago logs; tussilago doctor")
        }
    }

    private func finish(_ accepted: OperationResource) async throws {
        try await OperationWatch(client: client, output: Output(json: true, quiet: true)).finish(accepted)
    }

    private func remove(_ app: AppReference) async throws {
        try await finish(client.delete(Paths.app(app)))
        try await finish(client.delete(Paths.tenant(app.tenant)))
    }

    private func failure(_ what: String, _ mend: String) -> CommandFailure {
        CommandFailure(Problem(.operationFailed, what, remedy: mend), json: client.json)
    }
}

/// A file that everybody on the host may read, and no app.
private struct Canary {
    let path: String
    /// What no app may come to know: the file's content, and the host's own id.
    let secrets: [String]

    init(json: Bool) throws {
        let word = UUID().lowercased
        path = "/run/tussilago-canary-\(word.prefix(8))"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0, write(file, word, word.utf8.count) == word.utf8.count else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure(Problem(.inner, "a file to look for cannot be made in /run: \(reason)"), json: json)
        }
        fchmod(file, 0o644)
        close(file)
        let id = FileManager.default.contents(atPath: "/etc/machine-id").map {
            String(decoding: $0.prefix(32), as: UTF8.self)
        }
        secrets = [word] + (id.map { [$0] } ?? []).filter { $0.utf8.count == 32 }
    }

    func remove() { unlink(path) }
}
