/// The name of a systemd unit that the platform owns (systemd.unit(5)).
public struct UnitName: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The kinds of units that the platform makes.
    public enum Kind: String, Sendable, Codable, Hashable {
        case service, target, slice, socket, timer
    }

    /// The name without its type.
    public let stem: String
    /// What stands behind the last dot.
    public let type: Kind

    init(unchecked stem: String, _ type: Kind) {
        self.stem = stem
        self.type = type
    }

    /// Parses a unit name; nil when it is not one of the platform's.
    public init?(_ text: some StringProtocol) {
        guard let dot = text.lastIndex(of: "."), let type = Kind(rawValue: String(text[text.index(after: dot)...]))
        else {
            return nil
        }
        let stem = text[..<dot]
        guard stem.hasPrefix("tussilago"), stem.utf8.count <= 240, stem.utf8.allSatisfy(Self.mayStand) else {
            return nil
        }
        self.init(unchecked: String(stem), type)
    }

    private static func mayStand(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "@"): true
        default: byte.isLowercaseLetter || byte.isDigit
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a unit of the platform")
        }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }

    public var description: String { "\(stem).\(type.rawValue)" }

    /// The slice that holds all that the platform runs.
    public static let platformSlice = UnitName(unchecked: "tussilago", .slice)
    /// Loads the table of packet rules.
    public static let firewall = UnitName(unchecked: "tussilago-firewall", .service)
    /// Writes down what the table is.
    public static let firewallCheck = UnitName(unchecked: "tussilago-firewall-check", .service)
    /// The server of the databases on the shared tier.
    public static let databases = UnitName(unchecked: "tussilago-postgres", .service)
}

extension TenantName {
    /// `tussilago-acme.slice`: the tenant's limits.
    public var slice: UnitName { UnitName(unchecked: "tussilago-\(unitLabel)", .slice) }
    /// `tussilago-acme.target`: starts and stops all of the tenant's apps.
    public var target: UnitName { UnitName(unchecked: "tussilago-\(unitLabel)", .target) }
    /// `tussilago-pgbouncer@acme.socket`: where its apps reach their databases.
    public var pooler: UnitName { UnitName(unchecked: "tussilago-pgbouncer@\(unitLabel)", .socket) }
}

extension AppReference {
    /// `tussilago-acme-shop`, the stem of all of the app's units.
    var unitStem: String { "tussilago-\(tenant.unitLabel)-\(app.unitLabel)" }
    /// `tussilago-acme-shop.slice`: the app's limits.
    public var slice: UnitName { UnitName(unchecked: unitStem, .slice) }
    /// `tussilago-acme-shop.target`: the stable handle to start and stop the app.
    public var target: UnitName { UnitName(unchecked: unitStem, .target) }

    /// Reads an app back from its target or slice.
    public init?(unit: UnitName) {
        guard unit.type == .target || unit.type == .slice else { return nil }
        let levels = unit.stem.split(separator: "-", omittingEmptySubsequences: false)
        guard levels.count == 3, levels[0] == "tussilago", let tenant = TenantName(unitLabel: levels[1]),
            let app = AppName(unitLabel: levels[2])
        else { return nil }
        self.init(tenant: tenant, app: app)
    }
}

extension TenantName {
    /// Reads a tenant back from the name of its target or slice.
    public init?(unit: UnitName) {
        guard unit.type == .target || unit.type == .slice else { return nil }
        let levels = unit.stem.split(separator: "-", omittingEmptySubsequences: false)
        guard levels.count == 2, levels[0] == "tussilago", let tenant = TenantName(unitLabel: levels[1]) else {
            return nil
        }
        self = tenant
    }
}

/// The name of a process's template: `tussilago-acme-shop-web`, later generations `tussilago-acme-shop-web.2`.
public struct TemplateName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The app.
    public let app: AppReference
    /// The process.
    public let process: ProcessName
    /// The generation, from 1.
    public let generation: Int

    /// Names a template.
    public init(app: AppReference, process: ProcessName, generation: Int) {
        self.app = app
        self.process = process
        self.generation = generation
    }

    /// The name before the `@`.
    public var stem: String {
        "\(app.unitStem)-\(process.unitLabel)" + (generation == 1 ? "" : ".\(generation)")
    }

    /// Reads a template's name back.
    public init?(stem: String) {
        let parts = stem.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first else { return nil }
        let levels = name.split(separator: "-", omittingEmptySubsequences: false)
        guard levels.count == 4, levels[0] == "tussilago", let tenant = TenantName(unitLabel: levels[1]),
            let app = AppName(unitLabel: levels[2]), let process = ProcessName(unitLabel: levels[3])
        else { return nil }
        var generation = 1
        if parts.count == 2 {
            guard let number = Int(parts[1]), number >= 2 else { return nil }
            generation = number
        }
        self.init(app: AppReference(tenant: tenant, app: app), process: process, generation: generation)
        guard self.stem == stem else { return nil }
    }

    public static func < (left: Self, right: Self) -> Bool { left.stem < right.stem }

    public var description: String { "\(stem)@.service" }
}
