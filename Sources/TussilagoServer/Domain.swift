public import FoundationEssentials
public import TussilagoAPI
public import TussilagoCore

/// What the server asks: everything that the API can show or do, without a word about HTTP.
///
/// Each call throws the ``Problem`` that the caller shall see. The server adds the request's id to it.
public protocol Domain: AccessDomain {
    /// The host and the agent.
    func status() async throws(Problem) -> StatusResource

    /// Tenants by name.
    func tenants(_ query: PageQuery) async throws(Problem) -> PageResource<TenantResource>
    /// One tenant.
    func tenant(_ name: TenantName) async throws(Problem) -> TenantResource

    /// A tenant's own hostnames; they come in one page.
    func domains(of tenant: TenantName) async throws(Problem) -> PageResource<DomainResource>
    /// One of them.
    func domain(_ hostname: Hostname, of tenant: TenantName) async throws(Problem) -> DomainResource

    /// A tenant's apps by name, or everyone's.
    func apps(of tenant: TenantName?, _ query: PageQuery) async throws(Problem) -> PageResource<AppResource>
    /// One app.
    func app(_ app: AppReference) async throws(Problem) -> AppResource
    /// How an app is right now.
    func appStatus(_ app: AppReference) async throws(Problem) -> AppStatusResource
    /// An app's releases, newest first.
    func releases(of app: AppReference, _ query: PageQuery) async throws(Problem) -> PageResource<ReleaseResource>
    /// One release of an app.
    func release(_ number: ReleaseNumber, of app: AppReference) async throws(Problem) -> ReleaseResource
    /// The routes of an app; a manifest bounds how many there are, so they come in one page.
    func routes(of app: AppReference) async throws(Problem) -> PageResource<RouteResource>
    /// The secrets of an app, by name, without their values; there are few, so they come in one page.
    func secrets(of app: AppReference) async throws(Problem) -> PageResource<SecretResource>
    /// The services of an app, and how they are; there are few, so they come in one page.
    func services(of app: AppReference) async throws(Problem) -> PageResource<ServiceResource>
    /// An archive of a source that an app can be deployed from.
    func source(_ source: Digest, for app: AppReference) async throws(Problem) -> SourceResource
    /// Takes an archive in, as it comes.
    /// - Throws: ``Problem``, or what the connection fails with.
    func receive(_ source: Digest, for app: AppReference, _ body: UploadBody) async throws -> SourceResource
    /// The images that Python apps run in, by version; there are few, so they come in one page.
    func runtimes() async throws(Problem) -> PageResource<RuntimeResource>
    /// Says which image a runtime is.
    func setRuntime(_ version: PythonVersion, _ request: RuntimeRequest) async throws(Problem) -> RuntimeResource
    /// What a deploy would change. Nothing is changed.
    func plan(_ request: DeployRequest, for app: AppReference) async throws(Problem) -> PlanResource

    /// What on the host is not as it shall be, and what a reconcile would do about it. Nothing is changed.
    func findings() async throws(Problem) -> PageResource<Finding>
    /// What nothing on the host refers to. Nothing is changed.
    func waste() async throws(Problem) -> WasteResource

    /// A backup of all of the host, made and ready to be read; with the path of a key, the values of secrets are in it,
    /// encrypted with that.
    func backup(secretsKey: String?) async throws(Problem) -> any ArchiveReading

    /// Operations, newest first.
    func operations(_ query: OperationQuery) async throws(Problem) -> PageResource<OperationResource>
    /// One operation: about one of these tenants, or with nil about anything.
    func operation(_ id: UUID, among tenants: Set<TenantName>?) async throws(Problem) -> OperationResource
    /// An operation's events with a number above `sequence`: those that happened, then the others when they happen.
    ///
    /// The stream ends with the operation. When its reader is gone, the task that reads is cancelled.
    func events(
        of operation: UUID, among tenants: Set<TenantName>?, after sequence: Int
    ) async throws(Problem) -> AsyncStream<OperationEvent>

    /// Has an operation cancelled, if it has not come too far for that.
    func cancel(_ operation: UUID, among tenants: Set<TenantName>?) async throws(Problem) -> OperationResource

    /// Accepts an operation; when this returns, it survives a crash.
    ///
    /// With `waiting`, it waits behind others that it must not be under way with, instead of being refused. The same caller with the same `key` and the same submission gets the operation of the first time again.
    func submit(
        _ submission: Submission, by caller: Caller, requestID: UUID, key: String?, waiting: Bool
    ) async throws(Problem) -> OperationResource
}

/// A change that a caller asks for.
public enum Submission: Hashable, Sendable {
    case createTenant(CreateRequest)
    case deleteTenant(TenantName)
    case setQuota(TenantName, QuotaRequest)
    case setEgress(TenantName, EgressRequest)
    case setPolicy(TenantName, Loosening?)
    case addDomain(TenantName, DomainRequest)
    case verifyDomain(TenantName, Hostname)
    case removeDomain(TenantName, Hostname)
    case createApp(TenantName, CreateRequest)
    /// With `purge`, what its services have as well.
    case deleteApp(AppReference, purge: Bool)
    case deploy(AppReference, DeployRequest)
    case scale(AppReference, ScaleRequest)
    case rollback(AppReference, RollbackRequest)
    case setSecret(AppReference, SecretName, Secret)
    case unsetSecret(AppReference, SecretName)
    case rotateSecrets(AppReference)
    case rotateServices(AppReference)
    case start(AppReference)
    case stop(AppReference)
    case restart(AppReference)
    case reconcile
    case collect
    case restore(RestoreRequest)
}
