/// The bridge of an app that listens on a TCP port: sixteen addresses of 10.90.0.0/16 and an interface of its own.
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

    private func address(_ offset: Int) -> String {
        let number = index * 16 + offset
        return "10.90.\(number / 256).\(number % 256)"
    }

    /// The network in CIDR form.
    public var subnet: String { "\(address(0))/28" }

    /// The bridge's name; Linux allows 15 characters (`IFNAMSIZ`). The firewall's rules are for `tsl-*`.
    public var interface: String { "tsl-\(index)" }

    /// The address of a release's instance: twelve in turn, so that a new one and those that it replaces differ.
    public func address(of release: ReleaseNumber) -> String { address(2 + release.rawValue % 12) }
}
