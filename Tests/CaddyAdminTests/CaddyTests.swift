import CaddyAdmin
import FoundationEssentials
import Glibc
import Testing
import TussilagoCore
import UnixHTTPTestKit

@Suite("Publishing routes to Caddy")
struct CaddyTests {
    let table = routes(["shop.example.org": "acme/shop", "www.example.org": "acme/shop", "a.example.org": "b/c"])

    @Test("A table is written in one request, to Caddy and to the file", arguments: [true, false])
    func publish(old: Bool) async throws {
        let stub = try StubCaddy(.init(isOld: old))
        let caddy = stub.client
        let files = AppRoute(hostnames: ["files.example.org"], copies: 2, staticPrefixes: ["/media/a/", "/static/"])
        let table = table.replacing(try AppReference("c/files"), with: files)
        #expect(try await caddy.published() == RouteTable())
        try await caddy.publish(table)
        #expect(try json(stub.server) == stub.configuration.server(table))
        #expect(try json(contents(stub.file)) == stub.configuration.document(table))
        #expect(try await caddy.published() == table)
        #expect(await caddy.writes == 1)
        let accepted = stub.received.filter { $0.header("Host") == (old ? "" : "localhost") }
        #expect(accepted.map(\.method) == ["GET", "POST"])
    }

    @Test("A table that Caddy has already is not written, neither to Caddy nor to the file", arguments: [true, false])
    func unchanged(old: Bool) async throws {
        let stub = try StubCaddy(.init(isOld: old))
        try await stub.client.publish(table)
        let before = try status(stub.file)
        let caddy = stub.client
        try await caddy.publish(table)
        #expect(await caddy.writes == 0)
        #expect(await caddy.reads == 1)
        #expect(try status(stub.file).st_ino == before.st_ino)
    }

    @Test("The file is for its owner and Caddy's group alone, and leaves nothing beside it")
    func fileMode() async throws {
        let stub = try StubCaddy()
        try await stub.client.publish(table)
        #expect(try status(stub.file).st_mode & 0o7777 == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(stub.directory)/caddy") == ["caddy.json"])
    }

    @Test("A change by somebody else between reading and writing is met by reading again")
    func conflict() async throws {
        let stub = try StubCaddy(.init(conflicts: 1))
        let caddy = stub.client
        try await caddy.publish(table)
        #expect(try json(stub.server) == stub.configuration.server(table))
        #expect(stub.methods == ["GET", "POST", "GET", "POST"])
    }

    @Test("Somebody else's changes without end are a conflict after three attempts")
    func endlessConflict() async throws {
        let stub = try StubCaddy(.init(conflicts: 100))
        await expect(.conflict) { try await stub.client.publish(table) }
        #expect(stub.methods == ["GET", "POST", "GET", "POST", "GET", "POST"])
    }

    @Test("A Caddy without any server gets the whole path")
    func emptyCaddy() async throws {
        let stub = try StubCaddy(.init(server: nil))
        try await stub.client.publish(table)
        #expect(try json(stub.server) == stub.configuration.server(table))
        #expect(stub.methods == ["GET", "PUT"])
    }

    @Test("What Caddy refuses leaves the file as it was, and the reason in the detail", arguments: [true, false])
    func refusal(hadFile: Bool) async throws {
        let stub = try StubCaddy()
        if hadFile { try await stub.client.publish(table) }
        let before = hadFile ? try contents(stub.file) : nil
        stub.behave { $0.refusal = "listening on :80: already in use" }
        let error = await #expect(throws: PortError.self) { try await stub.client.publish(RouteTable()) }
        #expect(error?.code == .refused)
        #expect(error?.detail == "500: listening on :80: already in use")
        #expect(try contents(stub.file) == before)
        #expect(try await stub.client.published() == (hadFile ? table : RouteTable()))
    }

    @Test("When Caddy is away, the file is written and the error is transient")
    func away() async throws {
        let stub = try StubCaddy()
        stub.stop()
        let error = await #expect(throws: PortError.self) { try await stub.client.publish(table) }
        #expect(error?.code == .unavailable)
        #expect(error?.isTransient == true)
        #expect(try await stub.client.published() == table)
        #expect(await stub.client.isReachable() == false)
    }

    @Test("An answer that is lost after the write does not make a second write")
    func lostAnswer() async throws {
        let stub = try StubCaddy(.init(hangUps: 1))
        let caddy = stub.client
        try await caddy.publish(table)
        #expect(await caddy.writes == 1)
        #expect(stub.methods == ["GET", "POST", "GET"])
    }

    @Test("Publications take turns, and the last one stays")
    func turns() async throws {
        let stub = try StubCaddy()
        let caddy = stub.client
        for round in 0..<5 {
            let tables = (0..<10).map { routes(["host\($0).example.org": "tenant/round\(round)"]) }
            await withTaskGroup { group in
                for table in tables {
                    group.addTask { await #expect(throws: Never.self) { try await caddy.publish(table) } }
                }
            }
            let published = try await caddy.published()
            #expect(tables.contains(published))
            #expect(try json(stub.server) == stub.configuration.server(published))
        }
        #expect(stub.methods == Array(repeating: ["GET", "POST"], count: 50).flatMap { $0 })
    }

    @Test(
        "A file that is not the platform's is an empty table, and written anew",
        arguments: ["", "{\"ap", "{}", "[1]"])
    func foreignFile(text: String) async throws {
        let stub = try StubCaddy()
        try await stub.client.publish(RouteTable())
        try Data(text.utf8).write(to: URL(filePath: stub.file))
        #expect(try await stub.client.published() == RouteTable())
        try await stub.client.publish(table)
        #expect(try await stub.client.published() == table)
    }

    @Test("A file that cannot be written is an error before anything is told to Caddy")
    func unwritable() async throws {
        let stub = try StubCaddy()
        try Data().write(to: URL(filePath: "\(stub.directory)/caddy"))
        await expect(.unexpected) { try await stub.client.publish(table) }
        #expect(stub.methods.isEmpty)
    }
}

/// A table of these hostnames and apps.
func routes(_ apps: [String: String]) -> RouteTable {
    RouteTable(
        apps.compactMap { hostname, app in
            guard let hostname = try? Hostname(hostname), let app = try? AppReference(app) else { return nil }
            return (hostname, app)
        })
}

/// Parses with Foundation, so that the module's own reader is not its own judge.
func json(_ text: String?) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(try #require(text).utf8))
}

func contents(_ path: String) throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try String(contentsOf: URL(filePath: path), encoding: .utf8)
}

func status(_ path: String) throws -> stat {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemCallFailed(call: "stat") }
    return status
}
