/// The user and group ids of the host that belong to one tenant: 65 536 in a row, mapped to 0 to 65 535 inside.
///
/// An escape from the sandbox lands on ids that own nothing else. The ranges lie between systemd-nspawn's and the
/// foreign range, 1 879 048 192 to 2 147 352 575, which nobody else claims (systemd's "Users, Groups, UIDs and GIDs").
public struct UserRange: Hashable, Sendable, Codable {
    /// Which range it is, from 0.
    public let index: Int

    /// How many ranges there are, and so tenants on one host.
    public static let count = 4094
    /// How many ids are in a range.
    public static let size: UInt32 = 65_536
    private static let base: UInt32 = 0x7000_0000

    /// Takes a range by its index; nil when there is no such range.
    public init?(index: Int) {
        guard (0..<Self.count).contains(index) else { return nil }
        self.index = index
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let range = Self(index: try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such user range")
        }
        self = range
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(index)
    }

    /// The first and the last id that any tenant can get.
    static let (firstOfAll, lastOfAll) = (base, base + UInt32(count) * size - 1)

    /// The host's id of the sandbox's root.
    public var first: UInt32 { Self.base + UInt32(index) * Self.size }

    /// The host's id of a user inside.
    public func host(_ inside: UInt32) -> UInt32 { first + min(inside, Self.size - 1) }
}
