import Testing

@testable import tussilago_egress

@Suite struct ClientHelloTests {
    /// A ClientHello as TLS 1.3 clients send it (RFC 8446 §4.1.2), with the extensions given.
    private func hello(_ extensions: [(type: Int, content: [UInt8])]) -> [UInt8] {
        func sized(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
        }
        let list = extensions.flatMap { [UInt8($0.type >> 8), UInt8($0.type & 0xFF)] + sized($0.content, 2) }
        let body: [UInt8] =
            [3, 3] + Array(repeating: 7, count: 32) + sized(Array(repeating: 9, count: 32), 1)
            + sized([0x13, 0x01, 0x13, 0x02], 2) + sized([0], 1) + sized(list, 2)
        return [22, 3, 1] + sized([1] + sized(body, 3), 2)
    }

    private func name(_ text: String) -> (type: Int, content: [UInt8]) {
        let bytes = Array(text.utf8), length = bytes.count
        return (0, [0, UInt8(length + 3), 0, 0, UInt8(length)] + bytes)
    }

    @Test("The name of the server is found, wherever among the extensions it stands")
    func findsName() {
        let other = (type: 43, content: [UInt8]([2, 3, 4])), grease = (type: 0x0A0A, content: [UInt8]())
        for extensions in [[name("api.example.org")], [grease, other, name("api.example.org"), other]] {
            #expect(ClientHello(bytes: hello(extensions)).serverName == "api.example.org")
        }
    }

    @Test("Without a name, or with what is no handshake, there is none")
    func findsNone() {
        #expect(ClientHello(bytes: hello([])).serverName == nil)
        #expect(ClientHello(bytes: hello([(type: 16, content: [0])])).serverName == nil)
        #expect(ClientHello(bytes: Array("GET / HTTP/1.1\r\nHost: api.example.org\r\n\r\n".utf8)).serverName == nil)
        #expect(ClientHello(bytes: []).serverName == nil)
        var alert = hello([name("api.example.org")])
        alert[0] = 21
        #expect(ClientHello(bytes: alert).serverName == nil)
    }

    @Test("A message that is cut anywhere has no name, and one that lies about a length does no harm")
    func survivesDamage() {
        let whole = hello([name("api.example.org"), (type: 43, content: [2, 3, 4])])
        for length in 0..<whole.count { #expect(ClientHello(bytes: Array(whole[..<length])).serverName == nil) }
        for index in whole.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var changed = whole
                changed[index] = value
                let found = ClientHello(bytes: changed).serverName
                #expect(found.map { $0.utf8.count <= 255 } ?? true)
            }
        }
    }
}
