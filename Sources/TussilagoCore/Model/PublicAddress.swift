/// Which addresses are anybody's on the Internet, and so no way into the host, its networks or its cloud's own services.
///
/// By the IANA special-purpose registries (RFC 6890). `tussilago.nft` has the same networks; a test holds both together.
public enum PublicAddress {
    /// The networks of IPv4 that are not.
    public static let excluded4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
        // The address by which Azure's machines reach their host; nobody else's.
        "168.63.129.16/32",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    ]

    private static let networks4 = excluded4.compactMap(Network4.init)

    /// Decides by the bytes of an IPv4 or IPv6 address, in network order; any other number of bytes is no address.
    public static func isPublic(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4:
            let address = bytes.reduce(0) { $0 << 8 | UInt32($1) }
            return !networks4.contains { $0.contains(address) }
        case 16: return isPublic6(bytes)
        default: return false
        }
    }

    /// Of IPv6 only 2000::/3 is given out. In it, 2001::/23 and 2002::/16 are protocols' own, some of which have an IPv4
    /// address inside; 2001:db8::/32 and 3fff::/20 are for documents.
    private static func isPublic6(_ bytes: [UInt8]) -> Bool {
        guard bytes[0] & 0xE0 == 0x20 else { return false }
        switch (bytes[0], bytes[1]) {
        case (0x20, 0x01): return bytes[2] & 0xFE != 0x00 && !(bytes[2] == 0x0D && bytes[3] == 0xB8)
        case (0x20, 0x02): return false
        case (0x3F, 0xFF): return bytes[2] & 0xF0 != 0x00
        default: return true
        }
    }

    /// The bytes of an IPv4 address in dotted form; nil of anything else, also of forms such as `127.1` and `010.0.0.1`.
    public static func bytes4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            part.utf8.allSatisfy(\.isDigit) && (part.count == 1 || part.first != "0") ? UInt8(part) : nil
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private struct Network4 {
        let address: UInt32
        let mask: UInt32

        init?(_ text: String) {
            let parts = text.split(separator: "/")
            guard parts.count == 2, let bytes = PublicAddress.bytes4(parts[0]), let length = UInt32(parts[1]),
                (1...32).contains(length)
            else { return nil }
            address = bytes.reduce(0) { $0 << 8 | UInt32($1) }
            mask = ~UInt32(0) << (32 - length)
        }

        func contains(_ other: UInt32) -> Bool { other & mask == address & mask }
    }
}
