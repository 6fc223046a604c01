/// Where an app may open connections to. One that says nothing of it reaches nothing.
public enum Egress: Hashable, Sendable, Codable {
    /// Only these, over TLS. At least one, sorted, each once.
    case hosts([EgressHost])
    /// Every public address.
    case internet

    /// The most hosts that a manifest may name.
    public static let hostLimit = 32

    /// Makes it of hosts; nil of none.
    public init?(hosts: [EgressHost]) {
        guard !hosts.isEmpty else { return nil }
        self = .hosts(Set(hosts).sorted())
    }

    /// The least that a tenant must be granted for it.
    public var grant: EgressGrant {
        switch self {
        case .hosts: .list
        case .internet: .internet
        }
    }

    /// The hosts that it names, if it names any.
    public var hosts: [EgressHost] { if case .hosts(let hosts) = self { hosts } else { [] } }
}

extension Egress: CustomStringConvertible {
    /// It, as a manifest writes it.
    public var description: String {
        switch self {
        case .hosts(let hosts): hosts.map(\.description).joined(separator: " ")
        case .internet: "internet"
        }
    }
}

/// A host that an app may reach over TLS, by its name and port.
public struct EgressHost: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The host's name; also the one that the app must name in its TLS handshake (RFC 6066 §3).
    public let hostname: Hostname
    /// The TCP port.
    public let port: UInt16

    /// The port of `https`.
    public static let standardPort: UInt16 = 443

    /// Names a host.
    public init(_ hostname: Hostname, port: UInt16 = EgressHost.standardPort) {
        self.hostname = hostname
        self.port = port
    }

    /// Parses `https://HOST` or `https://HOST:PORT`.
    /// - Throws: ``InvalidValue`` for other schemes, paths, addresses and wildcards.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        func refuse(_ rule: String) -> InvalidValue { InvalidValue("egress", given: text, rule: rule) }
        let scheme = "https://"
        guard text.hasPrefix(scheme) else {
            throw refuse("write \"https://HOST\", \"https://HOST:PORT\" or \"internet\"")
        }
        let rest = text.dropFirst(scheme.count)
        guard !rest.contains("/"), !rest.contains("?"), !rest.contains("@") else {
            throw refuse("only a host and a port may follow https://")
        }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var port = Self.standardPort
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy(\.isDigit), let number = UInt16(parts[1]), number > 0, parts[1].first != "0"
            else { throw refuse("the port must be a number from 1 to 65535") }
            port = number
        }
        do throws(InvalidValue) { self.init(try Hostname(parts[0]), port: port) } catch { throw refuse(error.rule) }
    }

    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static func < (left: Self, right: Self) -> Bool { (left.hostname, left.port) < (right.hostname, right.port) }

    public var description: String { "https://\(hostname)" + (port == Self.standardPort ? "" : ":\(port)") }
}

/// What an admin lets the apps of a tenant reach. A manifest may ask for less, never for more.
public enum EgressGrant: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
    case none
    /// Hosts that a manifest names.
    case list
    /// Every public address.
    case internet

    /// Whether it is enough for what a manifest asks for.
    public func covers(_ egress: Egress?) -> Bool { egress.map { $0.grant <= self } ?? true }

    public static func < (left: Self, right: Self) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}
