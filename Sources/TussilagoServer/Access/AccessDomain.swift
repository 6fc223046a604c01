public import FoundationEssentials
public import TussilagoAPI
public import TussilagoCore

/// What the server asks about who may do what, how much, and who did. A part of ``Domain``.
public protocol AccessDomain: Sendable {
    /// Changes whenever ``access()`` would give something else.
    var accessVersion: Int { get }
    /// All grants and tokens.
    func access() async throws(Problem) -> AccessRecords

    /// The grants of the host or of a tenant. Their number is bounded, so they come in one page.
    func grants(in realm: Realm) async throws(Problem) -> PageResource<GrantResource>
    /// Gives someone a role, instead of the one that they had there.
    func addGrant(_ request: GrantRequest, in realm: Realm, by asker: Asker) async throws(Problem) -> GrantResource
    /// Takes a role away.
    func removeGrant(of grantee: Grantee, in realm: Realm, by asker: Asker) async throws(Problem) -> GrantResource

    /// The tokens of the host or of a tenant. Their number is bounded, so they come in one page.
    func tokens(in realm: Realm) async throws(Problem) -> PageResource<TokenResource>
    /// Makes a token; its secret is in the answer and nowhere else.
    func createToken(_ request: TokenRequest, in realm: Realm, by asker: Asker) async throws(Problem)
        -> IssuedTokenResource
    /// Has a token count no more.
    func revokeToken(_ name: TokenName, in realm: Realm, by asker: Asker) async throws(Problem) -> TokenResource

    /// Records of what was asked for, oldest first.
    func audit(_ query: PageQuery) async throws(Problem) -> PageResource<AuditResource>
    /// Whether the records are as they were written.
    func auditReport() async throws(Problem) -> AuditReportResource
    /// Adds a record.
    func record(_ entry: AuditEntry) async throws(Problem)

    /// How much a tenant may have, and has.
    func quota(of tenant: TenantName) async throws(Problem) -> QuotaResource
    /// The same of each tenant, by name.
    func quotas(_ query: PageQuery) async throws(Problem) -> PageResource<QuotaResource>
}

/// Who asks for a change that is made at once.
public struct Asker: Hashable, Sendable {
    /// By the name that others know them by.
    public let name: String
    /// The id of the request.
    public let requestID: UUID

    /// Describes who asks.
    public init(name: String, requestID: UUID) {
        self.name = name
        self.requestID = requestID
    }
}
