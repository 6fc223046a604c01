import ArgumentParser
import UnixHTTP

/// The command `tussilago`: arguments → API request → printed answer. It knows nothing that the API does not say.
@main
struct Tussilago: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tussilago",
        abstract: "Runs tenants' apps on this host, each in a sandbox, behind Caddy.",
        discussion: """
            An app is named TENANT/APP, as in acme/shop. Every command takes --json.
            What runs are systemd units: systemctl start, stop and status work on them, and journalctl shows what they say.
            """,
        subcommands: [
            TenantCommand.self, DomainCommand.self, AppCommand.self, InitCommand.self, DeployCommand.self,
            PlanCommand.self,
            StatusCommand.self,
            StartCommand.self, StopCommand.self, RestartCommand.self, ScaleCommand.self, ReleasesCommand.self,
            RollbackCommand.self, SecretCommand.self, DatabaseCommand.self, LogsCommand.self, OperationCommand.self,
            ReconcileCommand.self,
            CollectCommand.self, BackupCommand.self, RestoreCommand.self, GrantCommand.self, TokenCommand.self,
            QuotaCommand.self, RuntimeCommand.self, AuditCommand.self, DoctorCommand.self,
            CompletionsCommand.self, VersionCommand.self,
        ])

    /// Errors are printed by the commands themselves, as text or JSON; only mistakes in the arguments end up here.
    static func main() async {
        let loading = asksAgent ? UnixHTTPClient.prepare() : nil
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            failure.print()
            await loading?.value
            exit(withError: ExitCode(failure.exitCode))
        } catch {
            await loading?.value
            exit(withError: error)
        }
        await loading?.value
    }

    /// Whether the command will most likely send a request.
    private static var asksAgent: Bool {
        guard let command = CommandLine.arguments.dropFirst().first else { return false }
        return !command.hasPrefix("-") && !["version", "completions", "help", "init"].contains(command)
    }
}
