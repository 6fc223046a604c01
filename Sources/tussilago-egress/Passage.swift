import Glibc
import Resolver
import TussilagoCore

/// Why an app's connection was not let through, as one line for the journal.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The way of one connection: who it is, which host it names, whether its release may reach that, and on to there.
///
/// The host's name is the one in the TLS handshake; whatever name the app looked up, all lead here. The handshake is
/// passed on unchanged, so that the app sees the host's own certificate, and nothing here can read what is said.
struct Passage {
    private let app: Int32
    private let port: UInt16

    /// How long an app may take to begin its handshake.
    private static let helloTime = Duration.seconds(10)
    private static let connectTime = Duration.seconds(10)
    /// How many of a host's addresses are tried.
    private static let attempts = 4

    init(_ connection: Int32, port: UInt16) {
        app = connection
        self.port = port
    }

    func perform() throws(Refusal) {
        guard let peer = SocketAddress.peer(of: app) else { return }
        let guest = try Guest(address: peer.description)
        var hello = ClientHello()
        guard try hello.read(from: app, within: Self.helloTime) else { return }
        guard let name = hello.serverName else {
            alert()
            throw Refusal("\(guest.instance) named no host: only TLS with a server name is let through")
        }
        guard let host = try? Hostname(name), guest.mayReach(host, port: port) else {
            alert()
            let shown = (try? Hostname(name))?.text ?? "a name that is none"
            throw Refusal("\(guest.instance) may not reach \(shown) port \(port): its egress does not name it")
        }
        let remote = try connect(to: host, for: guest)
        defer { close(remote) }
        guard Stream.send(hello.bytes[...], to: remote) else { return }
        Relay(app, remote).run()
    }

    private func connect(to host: Hostname, for guest: Guest) throws(Refusal) -> Int32 {
        let addresses: [[UInt8]]
        do throws(PortError) { addresses = try NameLookup().addresses(of: host) } catch {
            throw Refusal("\(guest.instance) could not reach \(host): \(error.cause)")
        }
        let open = addresses.filter(PublicAddress.isPublic)
        guard !open.isEmpty else {
            let why = addresses.isEmpty ? "it has no address" : "its address is no public one"
            alert()
            throw Refusal("\(guest.instance) may not reach \(host): \(why)")
        }
        for address in open.prefix(Self.attempts).map({ SocketAddress(bytes: $0, port: port) }) {
            // The host's own addresses may be public as well.
            guard !address.isLocal else {
                alert()
                throw Refusal("\(guest.instance) may not reach \(host): it is this host itself")
            }
            if let remote = address.connect(within: Self.connectTime) { return remote }
        }
        throw Refusal("\(guest.instance) could not reach \(host) port \(port): nobody answers")
    }

    /// A fatal `access_denied` (RFC 8446 §6), by which clients know at once.
    private func alert() { _ = Stream.send([21, 3, 3, 0, 2, 2, 49], to: app) }
}

/// Whom an address on a bridge is given to, and what it may reach: written by `tussilago-instance`.
struct Guest {
    let instance: String
    private let hosts: Set<EgressHost>

    init(address: String) throws(Refusal) {
        let path = "\(HostPaths.network)/\(address)"
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw Refusal("\(address) is nobody's address") }
        defer { close(file) }
        let count = read(file, &bytes, bytes.count)
        let lines = String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n")
        instance = lines.first?.split(separator: " ").last.map(String.init) ?? address
        hosts = Set(lines.dropFirst(2).compactMap { try? EgressHost($0) })
    }

    func mayReach(_ host: Hostname, port: UInt16) -> Bool { hosts.contains(EgressHost(host, port: port)) }
}
