/// How much of the host a plan is about.
public enum Scope: Hashable, Sendable {
    /// A tenant's own units, not those of its apps.
    case tenant(TenantName)
    /// One app.
    case app(AppReference)

    /// The app, if it is one.
    public var app: AppReference? { if case .app(let app) = self { app } else { nil } }
}
