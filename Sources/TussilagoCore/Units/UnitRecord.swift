public import FoundationEssentials

/// What a unit file's own section says of whom it is: enough to know its tenant and its app by.
public struct UnitRecord: Hashable, Sendable {
    /// Whose it is.
    public let tenant: Tenant
    /// The app that it is of; nil for a tenant's own.
    public let app: App?
    /// The tenant's quota; nil where the file has none, as all but the tenant's slice.
    public let quota: Quota?
    /// What the tenant's apps may have beyond the strict policy; nil where the file says nothing of it.
    public let loosening: Loosening?
    /// When the file was written.
    public let modified: Date

    /// Reads the section `[X-Tussilago]` of a unit file; nil when it lacks anything, or says what cannot be.
    public init?(_ text: String, modified: Date) {
        var values: [Substring: Substring] = [:]
        var isOwn = false
        var rest = text[...]
        while !rest.isEmpty {
            let line = rest.prefix(upTo: rest.utf8.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex)
            rest = rest[line.endIndex...].dropFirst()
            if line.utf8.first == UInt8(ascii: "[") {
                // It stands before all that is long.
                if isOwn { break }
                isOwn = line == "[\(ownershipSection)]"
            } else if isOwn, let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) {
                values[line[..<equals]] = line[line.index(after: equals)...]
            }
        }
        guard let name = values["Tenant"].flatMap({ TenantName(rawValue: String($0)) }),
            let id = values["TenantId"].flatMap({ UUID(uuidString: String($0)) }),
            let users = values["Users"].flatMap({ Int($0) }).flatMap({ UserRange(index: $0) })
        else { return nil }
        tenant = Tenant(id: id, name: name, users: users)
        quota = values["Quota"].flatMap { Quota(text: $0) }
        loosening = values["Loosening"].flatMap { SandboxLimits(text: $0) }
            .flatMap { try? Loosening($0, reason: values["LooseningReason"] ?? "") }
        self.modified = modified
        guard let own = values["App"] else {
            app = nil
            return
        }
        guard let appName = AppName(rawValue: String(own)),
            let appID = values["AppId"].flatMap({ UUID(uuidString: String($0)) }),
            let network = values["Network"].flatMap({ Int($0) }).flatMap({ AppNetwork(index: $0) })
        else { return nil }
        app = App(id: appID, reference: AppReference(tenant: name, app: appName), network: network)
    }
}
