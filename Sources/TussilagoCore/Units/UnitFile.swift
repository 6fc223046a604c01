/// A unit file that the platform writes: where it lies and what stands in it.
public struct UnitFile: Hashable, Sendable, Codable {
    /// Where it lies.
    public let path: Path
    /// Its text.
    public let text: String

    /// Ties a text to its place.
    public init(path: Path, text: String) {
        self.path = path
        self.text = text
    }

    /// The place of a unit file. Only the platform's own places can be written.
    public enum Path: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
        /// The template of a process, for Podman's generator.
        case template(tenant: TenantName, stem: String)
        /// The bridge of an app, for Podman's generator.
        case network(AppReference)
        /// A slice or target, for systemd itself.
        case system(UnitName)

        /// The absolute path.
        public var description: String {
            switch self {
            case .template(let tenant, let stem): "\(HostPaths.quadlets)/\(tenant)/\(stem)@.container"
            case .network(let app): "\(HostPaths.quadlets)/\(app.tenant)/\(app.target.stem).network"
            case .system(let unit): "\(HostPaths.systemUnits)/\(unit)"
            }
        }

        public static func < (left: Self, right: Self) -> Bool { left.description < right.description }

        /// Whether Podman's generator reads it, rather than systemd.
        public var isQuadlet: Bool {
            switch self {
            case .template, .network: true
            case .system: false
            }
        }

        /// The service that Podman's generator makes of it; nil for what systemd reads itself.
        public var generatedService: String? {
            switch self {
            case .template(_, let stem): "\(stem)@.service"
            case .network(let app): "\(app.target.stem)-network.service"
            case .system: nil
            }
        }
    }
}

extension TemplateName {
    /// Where the template's quadlet lies.
    public var path: UnitFile.Path { .template(tenant: app.tenant, stem: stem) }
}
