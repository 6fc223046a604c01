import Glibc

/// An address with a port, of IPv4 or IPv6.
struct SocketAddress: CustomStringConvertible {
    /// 4 or 16 bytes, in network order.
    let bytes: [UInt8]
    let port: UInt16

    init(bytes: [UInt8], port: UInt16) {
        self.bytes = bytes
        self.port = port
    }

    /// The address of this side of a socket.
    static func own(of descriptor: Int32) -> SocketAddress? { read { getsockname(descriptor, $0, $1) } }
    /// The address of the other side.
    static func peer(of descriptor: Int32) -> SocketAddress? { read { getpeername(descriptor, $0, $1) } }

    private static func read(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        guard result == 0 else { return nil }
        return withUnsafeBytes(of: storage) { raw in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let address = raw.loadUnaligned(as: sockaddr_in.self)
                return SocketAddress(
                    bytes: withUnsafeBytes(of: address.sin_addr) { Array($0) },
                    port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = raw.loadUnaligned(as: sockaddr_in6.self)
                return SocketAddress(
                    bytes: withUnsafeBytes(of: address.sin6_addr) { Array($0) },
                    port: UInt16(bigEndian: address.sin6_port))
            default: return nil
            }
        }
    }

    /// Whether it is one of this host's own, which the kernel reaches from the same address. Nothing is sent to find out.
    var isLocal: Bool {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(bytes.count == 4 ? AF_INET : AF_INET6, type, 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        return begin(descriptor) && SocketAddress.own(of: descriptor)?.bytes == bytes
    }

    /// A connection to it; nil when none comes about in time.
    func connect(within time: Duration) -> Int32? {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return nil }
        guard begin(descriptor) || errno == EINPROGRESS,
            Stream.wait(for: descriptor, POLLOUT, until: .now + time), Self.hasNoError(descriptor)
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private func begin(_ descriptor: Int32) -> Bool {
        if bytes.count == 4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
            return Self.connect(descriptor, &address)
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
        return Self.connect(descriptor, &address)
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0
            }
        }
    }

    private static func hasNoError(_ descriptor: Int32) -> Bool {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 && code == 0
    }

    /// IPv4 in dotted form; of IPv6 the bytes, for the journal.
    var description: String {
        bytes.count == 4
            ? bytes.map(String.init).joined(separator: ".")
            : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
