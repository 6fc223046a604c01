/// Where the value of a unit's line comes from, so that a plan can say why a line changes.
public enum LineReasons {
    /// The reason for a line of a process's template; nil when it is none.
    public static func reason(for line: some StringProtocol, process: ProcessName) -> String? {
        guard let sign = line.firstIndex(of: "=") else { return nil }
        let key = String(line[..<sign])
        let ofManifest = manifest.first { $0.covers(key, line) }.map {
            "the manifest's \($0.reason) of process \(process)"
        }
        return ofManifest ?? others.first { $0.covers(key, line) }?.reason
    }

    /// Some of a template's lines, with a reason that they share.
    struct Rule {
        let reason: String
        let keys: Set<String>
        /// How the line begins, where the key does not tell.
        var beginning = ""
        /// How it ends, where its beginning does not tell.
        var end = ""

        func covers(_ key: String, _ line: some StringProtocol) -> Bool {
            keys.contains(key) && line.hasPrefix(beginning) && line.hasSuffix(end)
        }
    }

    static let manifest = [
        Rule(reason: "command", keys: ["Entrypoint", "Exec"]),
        Rule(reason: "limits.memory", keys: ["MemoryMax"]),
        Rule(reason: "limits.cpu", keys: ["CPUQuota"]),
        Rule(reason: "limits.tasks", keys: ["TasksMax"]),
        Rule(reason: "limits.io-weight", keys: ["IOWeight"]),
        Rule(reason: "limits.tmp", keys: ["Tmpfs"], beginning: "Tmpfs=/tmp:"),
        Rule(
            reason: "steady", keys: ["ExecStartPost"], beginning: "ExecStartPost=\(HostPaths.instanceHelper) steady "),
        Rule(reason: "health", keys: ["ExecStartPost"]),
        Rule(reason: "health timeout, steady or timeout", keys: ["TimeoutStartSec"]),
        Rule(reason: "schedule", keys: ["Schedule", "Type", "CollectMode"]),
        Rule(reason: "ingress or egress", keys: ["After"], beginning: "After=tussilago-firewall.service"),
        Rule(
            reason: "ingress or egress", keys: ["EnvironmentFile"], beginning: "EnvironmentFile=-\(HostPaths.network)/"),
        Rule(reason: "egress", keys: ["Volume"], beginning: "Volume=\(HostPaths.apps)/", end: ":/etc/hosts:ro"),
        Rule(reason: "egress", keys: ["Volume"], beginning: "Volume=\(HostPaths.apps)/", end: ":/etc/resolv.conf:ro"),
        Rule(reason: "ingress", keys: ["Environment"], beginning: "Environment=TUSSILAGO_SOCKET="),
        Rule(reason: "ingress", keys: ["Environment"], beginning: "Environment=PORT="),
        Rule(reason: "ingress", keys: ["Volume"], beginning: "Volume=\(HostPaths.ingress)/"),
        Rule(reason: "ingress", keys: ["ExecStartPre"], beginning: "ExecStartPre=\(HostPaths.instanceHelper) prepare "),
        Rule(reason: "static", keys: ["ExecStartPre"], beginning: "ExecStartPre=\(HostPaths.instanceHelper) static "),
        Rule(reason: "sandbox or the policy", keys: ["StopTimeout", "TimeoutStopSec", "LogRateLimitBurst"]),
        Rule(reason: "sandbox or the policy", keys: ["Tmpfs"], beginning: "Tmpfs=/dev/shm:"),
        Rule(reason: "ingress", keys: ["ExecStopPost"], beginning: "ExecStopPost=-\(HostPaths.instanceHelper) ended "),
        Rule(
            reason: "ingress or egress", keys: ["ExecStartPre"],
            beginning: "ExecStartPre=\(HostPaths.instanceHelper) join "),
        Rule(
            reason: "ingress or egress", keys: ["ExecStopPost"],
            beginning: "ExecStopPost=-\(HostPaths.instanceHelper) leave "),
        Rule(reason: "services", keys: ["Volume"], beginning: "Volume=\(HostPaths.poolers)/"),
        Rule(reason: "services", keys: ["Requires"], beginning: "Requires=tussilago-pgbouncer@"),
        Rule(reason: "services", keys: ["After"], beginning: "After=tussilago-pgbouncer@"),
        Rule(reason: "ingress or egress", keys: ["Network", "IP", "DNS", "Requires"]),
    ]

    static let others = [
        Rule(reason: "whether the release has secrets", keys: ["Volume"], beginning: "Volume=\(HostPaths.secrets)/"),
        Rule(reason: "whether the release has secrets", keys: ["ExecStartPre", "ExecStopPost"]),
        Rule(reason: "whether the release has files", keys: ["Volume", "WorkingDir"]),
        Rule(reason: "the tenant's range of users", keys: ["UIDMap", "GIDMap", "Users"]),
        Rule(
            reason: "the names and ids of the tenant, the app and the process",
            keys: [
                "Tenant", "TenantId", "App", "AppId", "Process", "Description", "PartOf", "After",
                "ConditionPathExists", "ContainerName", "HostName", "Slice", "SyslogIdentifier", "LogExtraFields",
            ]),
        Rule(reason: "how a release is reached", keys: ["Image", "EnvironmentFile", "Environment"]),
        Rule(
            reason: "the sandbox policy",
            keys: Set(SandboxPolicy.strict.container.map(\.key) + SandboxPolicy.strict.service.map(\.key))
                .union(["StartLimitBurst", "StartLimitIntervalSec", "DefaultDependencies"])
                .subtracting(["StopTimeout", "TimeoutStopSec", "LogRateLimitBurst"])),
    ]
}
