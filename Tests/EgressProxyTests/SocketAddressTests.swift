import Testing

@testable import tussilago_egress

@Suite struct SocketAddressTests {
    @Test func whatIsTheHostsOwnIsKnownWithoutAConnection() {
        // Nobody listens at port 9 of it.
        #expect(SocketAddress(bytes: [127, 0, 0, 1], port: 9).isLocal)
        #expect(SocketAddress(bytes: [127, 3, 2, 1], port: 9).connect(within: .seconds(1)) == nil)
        #expect(!SocketAddress(bytes: [192, 0, 2, 1], port: 9).isLocal)
    }
}
