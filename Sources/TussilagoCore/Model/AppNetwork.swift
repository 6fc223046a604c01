/// The bridge of an app that listens on a TCP port or opens connections: 256 addresses of 10.80.0.0/12 and an
/// interface of its own.
///
/// An instance gets one of them when it starts, whichever is free.
public struct AppNetwork: Hashable, Sendable, Codable {
    /// Which network it is, from 0.
    public let index: Int

    /// How many such networks one host has.
    public static let count = 4096

    /// Takes a network by its index; nil when there is no such network.
    public init?(index: Int) {
        guard (0..<Self.count).contains(index) else { return nil }
        self.index = index
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let network = Self(index: try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such network")
        }
        self = network
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(index)
    }

    private func address(_ offset: Int) -> String { "10.\(80 + index / 256).\(index % 256).\(offset)" }

    /// The network in CIDR form.
    public var subnet: String { "\(address(0))/24" }

    /// The bridge's name; Linux allows 15 characters (`IFNAMSIZ`). The firewall's rules are for `tsl-*`.
    public var interface: String { "tsl-\(index)" }

    /// The host's own address on the bridge.
    public var gateway: String { address(1) }

    /// How many instances of an app with a bridge may run: while a release replaces another, both need an address, and
    /// 253 are left beside the network's own, the host's and the broadcast's.
    public static let instances = 120
}
