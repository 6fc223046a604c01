import HTTPTypes
import NIOCore
import TussilagoAPI
import TussilagoCore

/// Every endpoint of the API.
enum Endpoints {
    /// All of them, in the order of the document.
    static let all: [Endpoint] =
        host + tenants + domains + apps + releases + sources + secrets + services + operations + access

    private static let tenant = "/v1/tenants/{tenant}"
    private static let app = "/v1/tenants/{tenant}/apps/{app}"

    private static let host: [Endpoint] = [
        .get(
            Paths.status, "getStatus", Access(.view, .host), "Shows the host and the agent.",
            answer: .resource("Status")
        ) { call in
            try .json(try await call.domain.status())
        },
        .get(Paths.openAPI, "getDocument", Access(.view, .document), "Shows this document.", answer: .document) { _ in
            .document(OpenAPIDocument.bytes)
        },
        .get(
            Paths.findings, "listFindings", Access(.view, .host), "Lists what on the host is not as it shall be.",
            answer: .resource("FindingPage")
        ) { call in try .json(try await call.domain.findings()) },
        .submit(
            .post, Paths.reconcile, "reconcile", Access(.reconcile, .host), "Has repaired what is not as it shall be."
        ) { _ in .reconcile },
        .get(Paths.waste, "getWaste", Access(.view, .host), "Shows what nothing refers to.", answer: .resource("Waste"))
        { call in
            try .json(try await call.domain.waste())
        },
        .submit(.post, Paths.collect, "collect", Access(.collect, .host), "Has removed what nothing refers to.") { _ in
            .collect
        },
        .get(
            Paths.backup, "getBackup", Access(.backup, .host), "Makes a backup of all of the host.",
            query: [.secretsKey], answer: .archive
        ) { call in
            let key = try call.secretsKey
            try await call.domain.record(call.entry(.done, "the host"))
            return ArchiveAnswer.response(try await call.domain.backup(secretsKey: key))
        },
        .submit(
            .post, Paths.restore, "restore", Access(.restore, .host),
            "Makes an empty host what another was when it was backed up.",
            body: "Restore"
        ) { call in .restore(try call.restoreRequest) },
        .get(
            Paths.apps, "listAllApps", Access(.view, .app), "Lists the apps of all tenants.", query: Parameter.page,
            answer: .resource("AppPage")
        ) {
            call in try .json(try await call.domain.apps(of: nil, try call.page))
        },
    ]

    private static let tenants: [Endpoint] = [
        .get(
            Paths.tenants, "listTenants", Access(.view, .tenant), "Lists tenants.", query: Parameter.page,
            answer: .resource("TenantPage")
        ) {
            call in
            try .json(try await call.domain.tenants(try call.page))
        },
        .submit(
            .post, Paths.tenants, "createTenant", Access(.create, .tenant), "Creates a tenant.", body: "CreateTenant"
        ) { call in
            .createTenant(try call.createRequest(TenantName.self))
        },
        .get(tenant, "getTenant", Access(.view, .tenant), "Shows a tenant.", answer: .resource("Tenant")) { call in
            try .json(try await call.domain.tenant(try call.tenant))
        },
        .submit(.delete, tenant, "deleteTenant", Access(.delete, .tenant), "Deletes a tenant without apps.") { call in
            .deleteTenant(try call.tenant)
        },
    ]

    private static let domains: [Endpoint] = [
        .submit(
            .put, "\(tenant)/egress", "setEgress", Access(.egress, .tenant),
            "Lets a tenant's apps reach this much, and no more.", body: "Egress"
        ) { call in .setEgress(try call.tenant, try call.egressRequest) },
        .get(
            "\(tenant)/domains", "listDomains", Access(.view, .domain), "Lists a tenant's own hostnames.",
            answer: .resource("DomainPage")
        ) { call in try .json(try await call.domain.domains(of: try call.tenant)) },
        .submit(
            .post, "\(tenant)/domains", "addDomain", Access(.create, .domain),
            "Adds a hostname of the tenant's own, to be proved by a record.",
            body: "AddDomain"
        ) { call in .addDomain(try call.tenant, try call.domainRequest) },
        .get(
            "\(tenant)/domains/{hostname}", "getDomain", Access(.view, .domain),
            "Shows a hostname of the tenant's own, and the record for it.",
            answer: .resource("Domain")
        ) { call in try .json(try await call.domain.domain(try call.hostname, of: try call.tenant)) },
        .submit(
            .post, "\(tenant)/domains/{hostname}/verify", "verifyDomain", Access(.verify, .domain),
            "Looks for the record that proves it."
        ) { call in .verifyDomain(try call.tenant, try call.hostname) },
        .submit(
            .delete, "\(tenant)/domains/{hostname}", "removeDomain", Access(.delete, .domain),
            "Removes a hostname that no app has."
        ) {
            call in
            .removeDomain(try call.tenant, try call.hostname)
        },
    ]

    private static let apps: [Endpoint] = [
        .get(
            "\(tenant)/apps", "listApps", Access(.view, .app), "Lists a tenant's apps.", query: Parameter.page,
            answer: .resource("AppPage")
        ) {
            call in try .json(try await call.domain.apps(of: try call.tenant, try call.page))
        },
        .submit(.post, "\(tenant)/apps", "createApp", Access(.create, .app), "Creates an app.", body: "CreateApp") {
            call in
            .createApp(try call.tenant, try call.createRequest(AppName.self))
        },
        .get(app, "getApp", Access(.view, .app), "Shows an app.", answer: .resource("App")) { call in
            try .json(try await call.domain.app(try call.app))
        },
        .submit(
            .delete, app, "deleteApp", Access(.delete, .app), "Deletes an app: its routes, units and releases.",
            query: [.purge]
        ) { call in .deleteApp(try call.app, purge: try call.purging) },
        .get(
            "\(app)/status", "getAppStatus", Access(.view, .app), "Shows how an app is right now.",
            answer: .resource("AppStatus")
        ) {
            call in
            try .json(try await call.domain.appStatus(try call.app))
        },
        .get(
            "\(app)/routes", "listRoutes", Access(.view, .app), "Lists an app's routes.", answer: .resource("RoutePage")
        ) { call in
            try .json(try await call.domain.routes(of: try call.app))
        },
        .submit(.post, "\(app)/start", "startApp", Access(.start, .app), "Starts an app.") { call in
            .start(try call.app)
        },
        .submit(.post, "\(app)/stop", "stopApp", Access(.stop, .app), "Stops an app; its hostnames answer 503.") {
            call in
            .stop(try call.app)
        },
        .submit(.post, "\(app)/restart", "restartApp", Access(.restart, .app), "Restarts an app.") { call in
            .restart(try call.app)
        },
        .submit(
            .post, "\(app)/scale", "scaleApp", Access(.scale, .app),
            "Makes a release that runs other numbers of copies.", body: "Scale"
        ) { call in .scale(try call.app, try call.scaleRequest) },
        .submit(
            .post, "\(app)/rollback", "rollBack", Access(.rollback, .app), "Goes back to an earlier release.",
            body: "Rollback"
        ) { call in
            .rollback(try call.app, try call.rollbackRequest)
        },
    ]

    private static let releases: [Endpoint] = [
        .get(
            "\(app)/releases", "listReleases", Access(.view, .app), "Lists an app's releases, newest first.",
            query: Parameter.page,
            answer: .resource("ReleasePage")
        ) { call in try .json(try await call.domain.releases(of: try call.app, try call.page)) },
        .submit(.post, "\(app)/releases", "deploy", Access(.deploy, .app), "Deploys a release.", body: "Deploy") {
            call in
            .deploy(try call.app, try call.deployRequest)
        },
        .get(
            "\(app)/releases/{number}", "getRelease", Access(.view, .app), "Shows a release.",
            answer: .resource("Release")
        ) { call in
            try .json(try await call.domain.release(try call.release, of: try call.app))
        },
        .change(
            .post, "\(app)/plan", "plan", Access(.plan, .app), "Shows what a deploy would change, and why.",
            body: "Deploy", answer: .resource("Plan")
        ) { call in
            let plan = try await call.domain.plan(try call.deployRequest, for: try call.app)
            // Units name users and paths of the host.
            return try .json(call.principal.host == nil ? plan.withoutTexts : plan)
        },
    ]

    private static let secrets: [Endpoint] = [
        .get(
            "\(app)/secrets", "listSecrets", Access(.view, .secret), "Lists an app's secrets, never their values.",
            answer: .resource("SecretPage")
        ) { call in try .json(try await call.domain.secrets(of: try call.app)) },
        .submit(
            .put, "\(app)/secrets/{secret}", "setSecret", Access(.set, .secret),
            "Sets a secret's value, for the next release.",
            body: "SecretValue", bodyType: .secret
        ) { call in .setSecret(try call.app, try call.secretName, try call.secret) },
        .submit(
            .delete, "\(app)/secrets/{secret}", "unsetSecret", Access(.unset, .secret), "Takes a secret's value away."
        ) { call in
            .unsetSecret(try call.app, try call.secretName)
        },
        .submit(
            .post, "\(app)/rotate", "rotateSecrets", Access(.rotate, .secret),
            "Makes a release that has the values that were set last."
        ) { call in .rotateSecrets(try call.app) },
    ]

    private static let services: [Endpoint] = [
        .get(
            "\(app)/services", "listServices", Access(.view, .service), "Lists an app's services, and how they are.",
            answer: .resource("ServicePage")
        ) { call in try .json(try await call.domain.services(of: try call.app)) },
        .submit(
            .post, "\(app)/services/rotate", "rotateServices", Access(.rotate, .service),
            "Makes a release that has new credentials of the app's services, and takes the old ones back."
        ) { call in .rotateServices(try call.app) },
    ]

    private static let operations: [Endpoint] = [
        .get(
            Paths.operations, "listOperations", Access(.view, .operation), "Lists operations, newest first.",
            query: Parameter.operations,
            answer: .resource("OperationPage")
        ) { call in try .json(try await call.domain.operations(try call.operations)) },
        .get(
            "\(Paths.operations)/{id}", "getOperation", Access(.view, .operation), "Shows an operation.",
            answer: .resource("Operation")
        ) {
            call in
            try .json(try await call.domain.operation(try call.operation, among: call.pass.tenants))
        },
        .change(
            .post, "\(Paths.operations)/{id}/cancel", "cancelOperation", Access(.cancel, .operation),
            "Cancels an operation, unless it has come too far for that.", answer: .resource("Operation")
        ) { call in
            let id = try call.operation
            try await call.domain.record(call.entry(.accepted, "\(id.lowercased)"))
            return try .json(try await call.domain.cancel(id, among: call.pass.tenants))
        },
        .get(
            "\(Paths.operations)/{id}/events", "watchOperation", Access(.view, .operation),
            "Streams an operation's events until it has ended.",
            query: [.after], headers: [.lastEventID], answer: .events
        ) { call in
            let events = try await call.domain.events(
                of: try call.operation, among: call.pass.tenants, after: try call.lastEvent)
            return EventStream(events, until: call.context.channel.closeFuture).response
        },
    ]
}
