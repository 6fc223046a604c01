/// An app by its full name, `acme/shop`. No app is ever looked up without its tenant.
public struct AppReference: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The tenant that owns the app.
    public let tenant: TenantName
    /// The app within the tenant.
    public let app: AppName

    /// Names an app.
    public init(tenant: TenantName, app: AppName) {
        self.tenant = tenant
        self.app = app
    }

    /// Parses `tenant/app`.
    public init(_ text: some StringProtocol) throws(InvalidValue) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw InvalidValue("app", given: text, rule: "it is written TENANT/APP")
        }
        self.init(tenant: try TenantName(parts[0]), app: try AppName(parts[1]))
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.tenant, left.app) < (right.tenant, right.app)
    }

    public var description: String { "\(tenant)/\(app)" }
}
