import FoundationEssentials
import TussilagoAPI
import TussilagoCore
import UnixHTTP

/// The agent, asked over its socket. Whatever goes wrong becomes a ``CommandFailure``.
struct Client {
    private let http: UnixHTTPClient
    private let socket: String
    private let tokenFile: TokenFile?
    let json: Bool

    /// The first request may have to start the agent.
    private static let timeout = Duration.seconds(30)

    init(socket: String, tokenFile: TokenFile?, json: Bool) {
        self.socket = socket
        self.tokenFile = tokenFile
        self.json = json
        http = UnixHTTPClient(socket: socket, peer: "the agent")
    }

    func get<Answer: Decodable>(_ path: String, query: [(String, String)] = []) async throws -> Answer {
        try await send("GET", path + Self.query(query), Data?.none)
    }

    func post<Answer: Decodable>(_ path: String, key: String? = nil) async throws -> Answer {
        try await send("POST", path, nil, key: key)
    }

    func post<Answer: Decodable>(_ path: String, _ body: some Encodable, key: String? = nil) async throws -> Answer {
        try await send("POST", path, try APICoding.encode(body), key: key)
    }

    /// Sends bytes as they are.
    func put<Answer: Decodable>(_ path: String, _ value: [UInt8], key: String? = nil) async throws -> Answer {
        try await send("PUT", path, Data(value), type: "application/octet-stream", key: key)
    }

    func put<Answer: Decodable>(_ path: String, _ body: some Encodable, key: String? = nil) async throws -> Answer {
        try await send("PUT", path, try APICoding.encode(body), key: key)
    }

    /// Sends what is in a file, as it is read. It is sent again from its start when the connection breaks off.
    func upload<Answer: Decodable>(_ path: String, descriptor: CInt, size: Int) async throws -> Answer {
        let headers = try authorization + [("Accept", "application/json"), ("Content-Type", "application/x-tar")]
        let answer: HTTPAnswer
        do throws(PortError) {
            answer = try await sendPatiently(
                try HTTPRequest(
                    "PUT", path, headers: headers, file: .init(descriptor: descriptor, size: size),
                    timeout: Self.timeout + .seconds(size >> 20)))
        } catch { throw failure(error) }
        return try decoded(answer)
    }

    func delete<Answer: Decodable>(_ path: String, key: String? = nil) async throws -> Answer {
        try await send("DELETE", path, nil, key: key)
    }

    /// How often a request is sent in all when its connection breaks off: the agent may be exchanged just then. A write
    /// that is sent twice is done once, by its key (RFC 9110 §9.2.2).
    private static let attempts = 3

    /// Every item of a list, page by page.
    func all<Item: Hashable & Sendable & Codable>(
        _ path: String, query: [(String, String)] = [], limit: Int? = nil
    ) async throws -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            let size = min(limit.map { $0 - items.count } ?? PageQuery.maximumLimit, PageQuery.maximumLimit)
            var query = query + [("limit", "\(max(1, size))")]
            if let cursor { query.append(("cursor", cursor)) }
            let page: PageResource<Item> = try await get(path, query: query)
            items += page.items
            cursor = page.next
        } while cursor != nil && limit.map { items.count < $0 } ?? true
        return items
    }

    /// An operation's events from the given number on, until it has ended or the agent has.
    func events(_ operation: UUID, after sequence: Int, _ show: @escaping @Sendable (OperationEvent) -> Void)
        async throws
    {
        let decoder = EventDecoder(show), token = try authorization
        do throws(PortError) {
            let request = try HTTPRequest(
                "GET", Paths.events(operation),
                headers: token + [("Accept", "text/event-stream"), ("Last-Event-ID", "\(sequence)")])
            _ = try await http.stream(request, idle: .seconds(60)) { decoder.take($0) }
        } catch { throw failure(error) }
    }

    /// Writes what is at a path to a file, as it comes, and says how many bytes it was.
    func download(_ path: String, to descriptor: CInt) async throws -> Int {
        let sink = DownloadSink(descriptor), token = try authorization
        let status: Int
        do throws(PortError) {
            // All of the backup is made before its first byte comes.
            status = try await http.stream(
                try HTTPRequest("GET", path, headers: token), idle: .seconds(600),
                onHead: { code, _ in sink.begin(code) }
            ) { sink.take($0) }
        } catch { throw failure(error) }
        guard status == 200 else {
            let problem = try? APICoding.decode(Problem.self, from: Data(sink.problem))
            throw CommandFailure(problem ?? Problem(.inner, "the agent answered with status \(status)"), json: json)
        }
        if let reason = sink.failure {
            throw CommandFailure(Problem(.noSpace, "the file cannot be written: \(reason)"), json: json)
        }
        return sink.count
    }

    private func send<Answer: Decodable>(
        _ method: String, _ path: String, _ body: Data?, type: String = "application/json", key: String? = nil
    ) async throws -> Answer {
        var headers: [(name: String, value: String)] = try authorization + [("Accept", "application/json")]
        if body != nil { headers.append(("Content-Type", type)) }
        if method != "GET" { headers.append(("Idempotency-Key", key ?? UUID().lowercased)) }
        let answer: HTTPAnswer
        do throws(PortError) {
            answer = try await sendPatiently(
                try HTTPRequest(method, path, headers: headers, body: body.map { [UInt8]($0) }, timeout: Self.timeout))
        } catch { throw failure(error) }
        return try decoded(answer)
    }

    private func decoded<Answer: Decodable>(_ answer: HTTPAnswer) throws -> Answer {
        let data = Data(answer.body)
        guard (200..<300).contains(answer.status) else {
            let problem = try? APICoding.decode(Problem.self, from: data)
            throw CommandFailure(
                problem ?? Problem(.inner, "the agent answered with status \(answer.status)"), json: json)
        }
        do { return try APICoding.decode(Answer.self, from: data) } catch {
            let mend = "install the same version of tussilago and tussilagod"
            throw CommandFailure(Problem(.inner, "the agent's answer was not understood", remedy: mend), json: json)
        }
    }

    /// The field that a token is shown in; none without a token.
    private var authorization: [(name: String, value: String)] {
        get throws {
            guard let tokenFile else { return [] }
            return [("Authorization", "Bearer \(try tokenFile.read(json: json))")]
        }
    }

    /// How often a request is sent in all, and how long is waited each time, when its caller has asked too often.
    private static let patience = (attempts: 20, seconds: 10)

    /// Sends a request, later if the agent says so.
    private func sendPatiently(_ request: HTTPRequest) async throws(PortError) -> HTTPAnswer {
        for _ in 1..<Self.patience.attempts {
            let answer = try await sendAgain(request)
            guard answer.status == 429, let seconds = answer.headers["retry-after"].flatMap({ Int($0) }) else {
                return answer
            }
            guard (try? await Task.sleep(for: .seconds(min(seconds, Self.patience.seconds)))) != nil else {
                return answer
            }
        }
        return try await sendAgain(request)
    }

    private func sendAgain(_ request: HTTPRequest) async throws(PortError) -> HTTPAnswer {
        for _ in 1..<Self.attempts {
            do throws(PortError) { return try await http.send(request) } catch  where error.code == .unavailable {
                guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { throw error }
            }
        }
        return try await http.send(request)
    }

    private func failure(_ error: PortError) -> CommandFailure {
        switch error.code {
        case .unavailable:
            let problem = Problem(
                .unavailable, "no agent answers at \(socket): \(error.cause)",
                remedy: "systemctl enable --now tussilagod.socket")
            return CommandFailure(problem, json: json)
        case .refused:
            let problem = Problem(
                .forbidden, "the agent's socket \(socket) may not be opened",
                remedy: "become root, or have an admin run: usermod -aG tussilago-users $USER, and grant you a role")
            return CommandFailure(problem, json: json)
        case .timedOut:
            let problem = Problem(.timedOut, "the agent did not answer in time", remedy: "systemctl status tussilagod")
            return CommandFailure(problem, json: json)
        default: return CommandFailure(Problem(.inner, error.description), json: json)
        }
    }

    private static func query(_ items: [(String, String)]) -> String {
        items.isEmpty ? "" : "?" + items.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }
}
