import TussilagoCore

/// Turns an error into what people read: what happened, why, the app's last lines, and the command that mends it.
struct FailureReport: Sendable {
    let outside: Outside

    private static let logLines = 20

    func failure(_ error: PortError, of operation: Operation) async -> Operation.Failure {
        var log: [String] = []
        if error.code == .startFailed || error.code == .buildFailed, let unit = UnitName(error.subject) {
            do throws(PortError) { log = try await outside.logs.tail(unit, lines: Self.logLines) } catch {
                log = ["(the log could not be read: \(error.cause))"]
            }
        }
        let subject = error.code == .buildFailed ? "build" : error.subject
        return Operation.Failure(
            code: error.code.rawValue, message: "\(subject): \(error.cause)",
            remedy: remedy(error, operation), log: log)
    }

    private func remedy(_ error: PortError, _ operation: Operation) -> String? {
        switch (error.code, operation.request) {
        case (.cancelled, _): nil
        case (.quotaExceeded, _):
            operation.request.tenant.map {
                "see what it has with: tussilago quota show \($0); delete some, or have the quota raised"
            }
        case (.refused, _) where error.subject == "sandbox":
            operation.request.tenant.map {
                "ask for less in [sandbox], or have an admin of the host allow it: tussilago tenant policy \($0) --help"
            }
        case (.damaged, .restore): "nothing was changed; use another copy of the backup"
        case (.refused, .restore) where error.subject == "secrets key",
            (.notFound, .restore) where error.subject == "secrets key":
            "nothing was changed; use the file that the backup was made with"
        case (.noKey, .restore): "nothing was changed; systemd-creds setup"
        case (.refused, .restore):
            "nothing was changed; use the version that made it, or raise files.size and files.entries in the configuration"
        case (.notFound, .restore) where error.subject == "images":
            "nothing was changed; podman pull them, or podman save them on the old host and podman load them here"
        case (.conflict, .restore): "nothing was changed; see what the host has with: tussilago tenant list"
        case (.startFailed, .restore): "see why with: tussilago reconcile, and tussilago logs APP"
        case (.expired, _): "see how the host is with: tussilago status"
        case (.buildFailed, _): "see all of it with: journalctl -u \(error.subject); mend it and deploy again"
        case (.startFailed, .deploy) where Instance(unitText: error.subject)?.process == .release:
            "the release before it goes on serving; mend the release command and deploy again"
        case (.startFailed, .deploy(let app, _)):
            "see what it said with: tussilago logs \(app); mend it and deploy again"
        case (.startFailed, _): operation.request.app.map { "see what it said with: tussilago logs \($0)" }
        case (.notFound, .deploy(_, let deployment))
        where error.subject == deployment.image.text && deployment.image.isRuntime:
            "add a runtime: tussilago runtime add 3.13 IMAGE; see those that there are: tussilago runtime list"
        case (.notFound, .deploy(_, let deployment)) where error.subject == deployment.image.text:
            "podman pull \(deployment.image)"
        case (.notFound, .deploy(let app, _)) where error.subject.hasPrefix("secret "):
            "tussilago secret set \(app) \(error.subject.dropFirst("secret ".count))"
        case (.notFound, .rotateSecrets(let app)) where error.subject.hasPrefix("secret "):
            "tussilago secret set \(app) \(error.subject.dropFirst("secret ".count))"
        case (.refused, .rotateSecrets(let app)) where error.subject == app.description:
            "set a new value first: tussilago secret set \(app) NAME"
        case (.refused, .unsetSecret(let app, _)): "see which releases use it: tussilago secret list \(app)"
        case (.noKey, _): "systemd-creds setup"
        case (.refused, .deleteTenant(let tenant)):
            "delete its apps first: tussilago app list \(tenant)"
        case (.conflict, _) where UnitName(error.subject) != nil:
            "move your own file \(error.subject) away, or give the app another name"
        case (.refused, .verifyDomain(let tenant, let hostname)):
            "publish it, wait until the name's servers have it, then: tussilago domain verify \(tenant) \(hostname)"
        case (.notFound, .verifyDomain(let tenant, let hostname)): "tussilago domain add \(tenant) \(hostname)"
        case (.unavailable, .verifyDomain) where error.subject == "systemd-resolved":
            "systemctl status systemd-resolved.service"
        case (.refused, .removeDomain(let tenant, _)):
            "deploy the app without it, or delete the app: tussilago app list \(tenant)"
        case (.conflict, .addDomain), (.conflict, .verifyDomain): "an admin finds its owner with: tussilago domain list"
        case (.refused, _) where error.subject == "egress":
            operation.request.tenant.map {
                "an admin grants it with: tussilago tenant set \($0) --egress list|internet"
            }
        case (.refused, _) where error.subject == "hostnames":
            operation.request.tenant.map { "prove it with: tussilago domain add \($0) HOSTNAME" }
        case (.conflict, .deploy): "take the hostname out of the manifest, or delete the app that has it"
        case (.unavailable, _), (.timedOut, _): "see how the host is with: tussilago status"
        case (.noSpace, _): "make room on the disk, then try again"
        case (.damaged, _), (.unexpected, _), (.refused, _), (.notFound, _), (.conflict, _):
            "journalctl -u tussilagod TUSSILAGO_REQUEST=\(operation.requestID.lowercased)"
        }
    }
}
