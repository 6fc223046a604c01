public import FoundationEssentials
public import TussilagoCore

/// The paths of the API, for the client; the server's router has the same, and a test holds both against the OpenAPI.
public enum Paths {
    /// The agent's socket.
    public static let socket = "/run/tussilago/api.sock"
    public static let status = "/v1/status"
    public static let openAPI = "/v1/openapi.json"
    public static let tenants = "/v1/tenants"
    /// All apps of all tenants.
    public static let apps = "/v1/apps"
    public static let operations = "/v1/operations"

    public static func tenant(_ name: TenantName) -> String { "\(tenants)/\(name)" }
    /// What the tenant's apps may reach.
    public static func policy(_ tenant: TenantName) -> String { "\(self.tenant(tenant))/policy" }
    public static func egress(_ tenant: TenantName) -> String { "\(self.tenant(tenant))/egress" }
    /// The tenant's own hostnames.
    public static func domains(_ tenant: TenantName) -> String { "\(self.tenant(tenant))/domains" }
    public static func domain(_ hostname: Hostname, of tenant: TenantName) -> String {
        "\(domains(tenant))/\(hostname)"
    }
    public static func verify(_ hostname: Hostname, of tenant: TenantName) -> String {
        "\(domain(hostname, of: tenant))/verify"
    }
    public static func apps(_ tenant: TenantName) -> String { "\(self.tenant(tenant))/apps" }
    public static func app(_ app: AppReference) -> String { "\(apps(app.tenant))/\(app.app)" }
    public static func appStatus(_ app: AppReference) -> String { "\(self.app(app))/status" }
    public static func releases(_ app: AppReference) -> String { "\(self.app(app))/releases" }
    public static func release(_ app: AppReference, _ number: ReleaseNumber) -> String { "\(releases(app))/\(number)" }
    public static func routes(_ app: AppReference) -> String { "\(self.app(app))/routes" }
    public static func plan(_ app: AppReference) -> String { "\(self.app(app))/plan" }
    /// An archive of a source.
    public static func source(_ digest: Digest, _ app: AppReference) -> String {
        "\(self.app(app))/sources/\(digest.hexadecimal)"
    }
    /// The images that Python apps run in.
    public static let runtimes = "/v1/runtimes"
    public static func runtime(_ version: PythonVersion) -> String { "\(runtimes)/\(version)" }
    public static func secrets(_ app: AppReference) -> String { "\(self.app(app))/secrets" }
    public static func secret(_ app: AppReference, _ name: SecretName) -> String { "\(secrets(app))/\(name)" }
    public static func services(_ app: AppReference) -> String { "\(self.app(app))/services" }
    /// What on the host is not as it shall be.
    public static let findings = "/v1/findings"
    /// Has it repaired.
    public static let reconcile = "/v1/reconcile"
    /// What nothing refers to.
    public static let waste = "/v1/waste"
    /// Has it removed.
    public static let collect = "/v1/collect"
    /// A backup of all of the host.
    public static let backup = "/v1/backup"
    /// The same with the values of secrets, encrypted with the key in a file of the host.
    public static func backup(secretsKey: String?) -> String {
        guard let secretsKey else { return backup }
        // RFC 3986 §2.3: all but what is unreserved, and the slashes of a path, is escaped.
        let escaped = secretsKey.utf8.map { byte -> String in
            let character = Character(Unicode.Scalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "/-._~".contains(character) {
                return "\(character)"
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }
        return "\(backup)?secrets_key=\(escaped.joined())"
    }
    /// Restores one.
    public static let restore = "/v1/restore"
    public static func cancel(_ id: UUID) -> String { "\(operation(id))/cancel" }
    /// `start`, `stop`, `restart`, `scale`, `rollback` or `rotate`.
    public static func action(_ app: AppReference, _ verb: String) -> String { "\(self.app(app))/\(verb)" }
    /// Who has which role on the host, or in a tenant.
    public static func grants(_ realm: Realm) -> String { "\(self.realm(realm))/grants" }
    public static func grant(_ grantee: Grantee, _ realm: Realm) -> String { "\(grants(realm))/\(grantee)" }
    /// The tokens of the host, or of a tenant.
    public static func tokens(_ realm: Realm) -> String { "\(self.realm(realm))/tokens" }
    public static func token(_ name: TokenName, _ realm: Realm) -> String { "\(tokens(realm))/\(name)" }
    private static func realm(_ realm: Realm) -> String { realm.tenant.map(tenant) ?? "/v1" }
    /// How much each tenant may have, and has.
    public static let quotas = "/v1/quotas"
    public static func quota(_ tenant: TenantName) -> String { "\(self.tenant(tenant))/quota" }
    /// What was asked for by whom.
    public static let audit = "/v1/audit"
    /// Whether that is as it was written.
    public static let auditReport = "/v1/audit/report"
    public static func operation(_ id: UUID) -> String { "\(operations)/\(id.uuidString.lowercased())" }
    /// The operation's events, as server-sent events; `Last-Event-ID` goes on where a reader stopped.
    public static func events(_ id: UUID) -> String { "\(operation(id))/events" }
}
