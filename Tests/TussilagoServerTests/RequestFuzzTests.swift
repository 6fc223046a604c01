import Glibc
import Testing
import TussilagoTestKit

@testable import TussilagoServer

/// Bytes that are nearly requests, on real connections: each is answered or cut off, and the server goes on.
@Suite("Fuzzed requests")
struct RequestFuzzTests {
    private static let samples = [
        "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/tenants?limit=5&cursor=%41 HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n",
        "POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"name\":\"acme\"}",
        """
        POST /v1/tenants/acme/apps/shop/releases?wait=true HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"man\r\na\r\nifest":"a"\r\n1\r\n}\r\n0\r\n\r\n
        """,
        "GET /v1/operations/00000000-0000-4000-8000-000000000001/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 7\r\n\r\n",
        "DELETE /v1/tenants/acme HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/apps HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]

    private static func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

    @Test("No request of somebody who means harm ends the server, or holds it up")
    func requests() async throws {
        let count = Self.number("TUSSILAGO_FUZZ") ?? 1_000, first = UInt64(Self.number("TUSSILAGO_SEED") ?? 1)
        var limits = APILimits()
        // Who says that more will come is waited for no longer than this.
        limits.bodyTime = .milliseconds(300)
        limits.idleTime = .milliseconds(300)
        try await TestServer.run(limits: limits) { server in
            let answered = try await server.client { _ in
                var answered = 0
                for seed in first..<(first + UInt64(count)) {
                    var random = SeededRandom(seed: seed)
                    let bytes = Mutation.bytes(of: Self.samples, &random)
                    let client = try RawClient(server.socket.path, timeout: 20)
                    let cut = random.oneIn(4) ? Int.random(in: 0...bytes.count, using: &random) : bytes.count
                    if try client.send(Array(bytes[..<cut])), try client.send(Array(bytes[cut...])) {
                        client.endSending()
                    }
                    let answer = try client.readToEnd()
                    guard answer.isEmpty || answer.hasPrefix("HTTP/1.") else {
                        Issue.record("seed \(seed): \(answer.prefix(200).debugDescription)")
                        continue
                    }
                    if !answer.isEmpty { answered += 1 }
                }
                return answered
            }
            #expect(answered > count / 4, "hardly anything is a request any more: it shows nothing")
            #expect(try await server.ask("GET", "/v1/status").status == 200)
        }
    }
}
