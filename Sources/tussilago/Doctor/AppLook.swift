import TussilagoAPI
import TussilagoCore

/// Looks at one app, as the agent sees it.
struct AppLook {
    let client: Client

    func checks(of app: AppReference) async throws -> [HostCheck] {
        let status: AppStatusResource = try await client.get(Paths.appStatus(app))
        var checks = [state(status, app)]
        for instance in status.instances {
            // What somebody has stopped is left alone by a reconcile, and has no reason in the journal.
            let mend =
                instance.active == "inactive"
                ? "systemctl start \(instance.unit)" : "journalctl -u \(instance.unit); tussilago logs \(app)"
            checks.append(
                instance.active == "active"
                    ? HostCheck("\(instance.unit)", .good, "\(instance.active), \(instance.sub)")
                    : HostCheck("\(instance.unit)", .bad, "\(instance.active), \(instance.sub)", remedy: mend))
        }
        for job in status.jobs {
            let mend = "journalctl -u \(job.unit); tussilago logs \(app) --process \(job.process)"
            if job.active != "active" {
                checks.append(HostCheck(job.timer, .bad, job.active, remedy: "systemctl start \(job.timer)"))
            } else if let result = job.last?.result, result != "success" {
                checks.append(HostCheck(job.timer, .weak, "its last run failed: \(result)", remedy: mend))
            } else {
                checks.append(HostCheck(job.timer, .good, job.running ? "runs" : "waits"))
            }
        }
        if let operation = status.operation, let failure = operation.failure {
            checks.append(
                HostCheck("last \(operation.kind.rawValue)", .weak, failure.message, remedy: failure.remedy))
        }
        if status.app.release != nil, status.app.hostnames.isEmpty {
            checks.append(
                HostCheck(
                    "hostnames", .weak, "it has none: nobody can reach it", remedy: "add hostnames to its manifest"))
        }
        let findings: PageResource<Finding> = try await client.get(Paths.findings)
        let own = findings.items.filter { $0.subject == "\(app)" || $0.subject == "Caddy" }
        checks += own.map { finding in
            let mend = finding.action == .repair ? "tussilago reconcile" : nil
            return HostCheck(finding.subject, finding.action == .respect ? .weak : .bad, finding.what, remedy: mend)
        }
        if own.isEmpty { checks.append(HostCheck("units and routes", .good, "as they shall be")) }
        return checks
    }

    private func state(_ status: AppStatusResource, _ app: AppReference) -> HostCheck {
        switch status.state {
        case "running": HostCheck("\(app)", .good, "running")
        case "starting": HostCheck("\(app)", .weak, "starting")
        case "empty": HostCheck("\(app)", .weak, "was never deployed", remedy: "tussilago deploy \(app)")
        case "stopped": HostCheck("\(app)", .weak, "is stopped", remedy: "tussilago start \(app)")
        default: HostCheck("\(app)", .bad, status.state, remedy: "tussilago logs \(app)")
        }
    }
}
