import ArgumentParser
import FoundationEssentials
import TussilagoAPI
import TussilagoCore

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how an app is, or the host.")
    @OptionGroup var options: GlobalOptions
    @Argument(help: "The app, as TENANT/APP; the host when left out.") var app: AppReference?

    func run() async throws {
        if let app {
            let status: AppStatusResource = try await options.client.get(Paths.appStatus(app))
            try options.output.show(status) { describe($0, options.output.style) }
        } else {
            let status: StatusResource = try await options.client.get(Paths.status)
            try options.output.show(status) { describe($0, options.output.style) }
        }
    }

    /// Reads like `systemctl status`.
    private func describe(_ status: AppStatusResource, _ style: Style) -> String {
        let app = status.app
        let dot =
            switch status.state {
            case "running": style.green("●")
            case "failed", "degraded": style.red("×")
            default: "○"
            }
        var lines = ["\(dot) \(app.tenant)/\(app.name) - release \(app.release?.description ?? "none")"]
        func line(_ key: String, _ value: String) {
            lines.append(String(repeating: " ", count: max(0, 11 - key.count)) + key + ": " + value)
        }
        line("Id", app.id.lowercased)
        line("State", status.state == "running" ? style.green(status.state) : style.bold(status.state))
        line("Target", status.target)
        line("Hostnames", app.hostnames.isEmpty ? "-" : app.hostnames.joined(separator: " "))
        for instance in status.instances {
            line("Instance", "\(instance.unit) (\(instance.active), \(instance.sub))")
        }
        for job in status.jobs {
            line("Job", "\(job.process), \(job.schedule), \(words(job, style))")
        }
        if let operation = status.operation {
            line(
                "Last change",
                "\(operation.kind.rawValue) \(operation.state.rawValue), \(operation.acceptedAt.ago()), by \(operation.caller)"
            )
            if let failure = operation.failure {
                line("Reason", failure.message)
                if let remedy = failure.remedy { line("Mend", remedy) }
            }
        }
        lines.append("")
        lines.append("Logs: journalctl TUSSILAGO_TENANT=\(app.tenant) TUSSILAGO_APP=\(app.name)")
        return lines.joined(separator: "\n")
    }

    /// When a job runs next, and how its last run was.
    private func words(_ job: JobResource, _ style: Style) -> String {
        let next: String
        switch (job.active == "active", job.next) {
        case (false, _): next = "stopped"
        case (true, let at?): next = "next \(at.readable)"
        // systemd looks for the next time when a run has ended.
        case (true, nil): next = job.running ? "next when this run has ended" : "never again"
        }
        guard let last = job.last else { return "\(next), has not run in this release" }
        guard !job.running, let result = last.result, let ended = last.endedAt else {
            return "\(next), runs since \(last.startedAt.ago().dropLast(" ago".count))"
        }
        let took = max(0, Int(ended.timeIntervalSince(last.startedAt).rounded()))
        let outcome =
            result == "success" ? style.green("ended well") : style.red("failed (\(result), status \(last.status))")
        return "\(next), last run \(outcome) \(ended.ago()) after \(took) s"
    }

    private func describe(_ status: StatusResource, _ style: Style) -> String {
        let healthy = status.parts.allSatisfy(\.ok)
        var lines = ["\(healthy ? style.green("●") : style.red("×")) tussilago \(status.version)"]
        lines.append("  \(status.tenants) tenants, \(status.apps) apps, \(status.openOperations) open operations")
        for part in status.parts {
            lines.append("  \(part.ok ? style.green("✓") : style.red("✗")) \(part.name): \(part.detail)")
        }
        return lines.joined(separator: "\n")
    }
}
