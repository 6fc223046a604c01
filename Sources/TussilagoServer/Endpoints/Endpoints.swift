import HTTPTypes
import NIOCore
import TussilagoAPI
import TussilagoCore

/// Every endpoint of the API.
enum Endpoints {
    /// All of them, in the order of the document.
    static let all: [Endpoint] = host + tenants + apps + releases + secrets + operations

    private static let tenant = "/v1/tenants/{tenant}"
    private static let app = "/v1/tenants/{tenant}/apps/{app}"

    private static let host: [Endpoint] = [
        .get(Paths.status, "getStatus", "Shows the host and the agent.", answer: .resource("Status")) { call in
            try .json(try await call.domain.status())
        },
        .get(Paths.openAPI, "getDocument", "Shows this document.", answer: .document) { _ in
            .document(OpenAPIDocument.bytes)
        },
        .get(
            Paths.findings, "listFindings", "Lists what on the host is not as it shall be.",
            answer: .resource("FindingPage")
        ) { call in try .json(try await call.domain.findings()) },
        .submit(.post, Paths.reconcile, "reconcile", "Has repaired what is not as it shall be.") { _ in .reconcile },
        .get(Paths.waste, "getWaste", "Shows what nothing refers to.", answer: .resource("Waste")) { call in
            try .json(try await call.domain.waste())
        },
        .submit(.post, Paths.collect, "collect", "Has removed what nothing refers to.") { _ in .collect },
        // It reads all that tenants have, their environments included: it is for admins.
        Endpoint(
            method: .get, path: Paths.backup, id: "getBackup", summary: "Makes a backup of all of the host.",
            role: .admin,
            query: [.secretsKey], headers: [], body: nil, answer: .archive
        ) { call in ArchiveAnswer.response(try await call.domain.backup(secretsKey: try call.secretsKey)) },
        .submit(
            .post, Paths.restore, "restore", "Makes an empty host what another was when it was backed up.",
            body: "Restore"
        ) { call in .restore(try call.restoreRequest) },
        .get(
            Paths.apps, "listAllApps", "Lists the apps of all tenants.", query: Parameter.page,
            answer: .resource("AppPage")
        ) {
            call in try .json(try await call.domain.apps(of: nil, try call.page))
        },
    ]

    private static let tenants: [Endpoint] = [
        .get(Paths.tenants, "listTenants", "Lists tenants.", query: Parameter.page, answer: .resource("TenantPage")) {
            call in
            try .json(try await call.domain.tenants(try call.page))
        },
        .submit(.post, Paths.tenants, "createTenant", "Creates a tenant.", body: "CreateTenant") { call in
            .createTenant(try call.createRequest(TenantName.self))
        },
        .get(tenant, "getTenant", "Shows a tenant.", answer: .resource("Tenant")) { call in
            try .json(try await call.domain.tenant(try call.tenant))
        },
        .submit(.delete, tenant, "deleteTenant", "Deletes a tenant without apps.") { call in
            .deleteTenant(try call.tenant)
        },
    ]

    private static let apps: [Endpoint] = [
        .get(
            "\(tenant)/apps", "listApps", "Lists a tenant's apps.", query: Parameter.page, answer: .resource("AppPage")
        ) {
            call in try .json(try await call.domain.apps(of: try call.tenant, try call.page))
        },
        .submit(.post, "\(tenant)/apps", "createApp", "Creates an app.", body: "CreateApp") { call in
            .createApp(try call.tenant, try call.createRequest(AppName.self))
        },
        .get(app, "getApp", "Shows an app.", answer: .resource("App")) { call in
            try .json(try await call.domain.app(try call.app))
        },
        .submit(.delete, app, "deleteApp", "Deletes an app: its routes, units and releases.") { call in
            .deleteApp(try call.app)
        },
        .get("\(app)/status", "getAppStatus", "Shows how an app is right now.", answer: .resource("AppStatus")) {
            call in
            try .json(try await call.domain.appStatus(try call.app))
        },
        .get("\(app)/routes", "listRoutes", "Lists an app's routes.", answer: .resource("RoutePage")) { call in
            try .json(try await call.domain.routes(of: try call.app))
        },
        .submit(.post, "\(app)/start", "startApp", "Starts an app.") { call in .start(try call.app) },
        .submit(.post, "\(app)/stop", "stopApp", "Stops an app; its hostnames answer 503.") { call in
            .stop(try call.app)
        },
        .submit(.post, "\(app)/restart", "restartApp", "Restarts an app.") { call in .restart(try call.app) },
        .submit(
            .post, "\(app)/scale", "scaleApp", "Makes a release that runs other numbers of copies.", body: "Scale"
        ) { call in .scale(try call.app, try call.scaleRequest) },
        .submit(.post, "\(app)/rollback", "rollBack", "Goes back to an earlier release.", body: "Rollback") { call in
            .rollback(try call.app, try call.rollbackRequest)
        },
    ]

    private static let releases: [Endpoint] = [
        .get(
            "\(app)/releases", "listReleases", "Lists an app's releases, newest first.", query: Parameter.page,
            answer: .resource("ReleasePage")
        ) { call in try .json(try await call.domain.releases(of: try call.app, try call.page)) },
        .submit(.post, "\(app)/releases", "deploy", "Deploys a release.", body: "Deploy") { call in
            .deploy(try call.app, try call.deployRequest)
        },
        .get("\(app)/releases/{number}", "getRelease", "Shows a release.", answer: .resource("Release")) { call in
            try .json(try await call.domain.release(try call.release, of: try call.app))
        },
        // It changes nothing, but it reads what the manifest names on the host: as much as a deploy, it is for admins.
        Endpoint(
            method: .post, path: "\(app)/plan", id: "plan", summary: "Shows what a deploy would change, and why.",
            role: .admin, query: [], headers: [], body: "Deploy", answer: .resource("Plan")
        ) { call in try .json(try await call.domain.plan(try call.deployRequest, for: try call.app)) },
    ]

    private static let secrets: [Endpoint] = [
        .get(
            "\(app)/secrets", "listSecrets", "Lists an app's secrets, never their values.",
            answer: .resource("SecretPage")
        ) { call in try .json(try await call.domain.secrets(of: try call.app)) },
        .submit(
            .put, "\(app)/secrets/{secret}", "setSecret", "Sets a secret's value, for the next release.",
            body: "SecretValue", bodyType: .secret
        ) { call in .setSecret(try call.app, try call.secretName, try call.secret) },
        .submit(.delete, "\(app)/secrets/{secret}", "unsetSecret", "Takes a secret's value away.") { call in
            .unsetSecret(try call.app, try call.secretName)
        },
        .submit(
            .post, "\(app)/rotate", "rotateSecrets", "Makes a release that has the values that were set last."
        ) { call in .rotateSecrets(try call.app) },
    ]

    private static let operations: [Endpoint] = [
        .get(
            Paths.operations, "listOperations", "Lists operations, newest first.", query: Parameter.operations,
            answer: .resource("OperationPage")
        ) { call in try .json(try await call.domain.operations(try call.operations)) },
        .get("\(Paths.operations)/{id}", "getOperation", "Shows an operation.", answer: .resource("Operation")) {
            call in
            try .json(try await call.domain.operation(try call.operation))
        },
        Endpoint(
            method: .post, path: "\(Paths.operations)/{id}/cancel", id: "cancelOperation",
            summary: "Cancels an operation, unless it has come too far for that.", role: .admin, query: [], headers: [],
            body: nil, answer: .resource("Operation")
        ) { call in try .json(try await call.domain.cancel(try call.operation)) },
        .get(
            "\(Paths.operations)/{id}/events", "watchOperation", "Streams an operation's events until it has ended.",
            query: [.after], headers: [.lastEventID], answer: .events
        ) { call in
            let events = try await call.domain.events(of: try call.operation, after: try call.lastEvent)
            return EventStream(events, until: call.context.channel.closeFuture).response
        },
    ]
}
