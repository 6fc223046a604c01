/// Where the value of a unit's line comes from, so that a plan can say why a line changes.
public enum LineReasons {
    /// The reason for a line that begins with `key=`; nil when the key is none of a unit's.
    public static func reason(for key: String, process: ProcessName) -> String? {
        manifest[key].map { "the manifest's \($0) of process \(process)" }
            ?? (policy.contains(key) ? "the sandbox policy" : nil)
    }

    private static let manifest = [
        "Entrypoint": "command", "Exec": "command", "MemoryMax": "limits.memory", "CPUQuota": "limits.cpu",
        "TasksMax": "limits.tasks", "IOWeight": "limits.io-weight", "Tmpfs": "limits.tmp", "ExecStartPost": "health",
        "TimeoutStartSec": "health timeout", "ExecStartPre": "ingress", "ExecStopPost": "ingress", "Network": "ingress",
        "IP": "ingress", "Environment": "ingress", "Requires": "ingress", "Volume": "ingress or the release's files",
        "WorkingDir": "files",
    ]

    private static let policy: Set = [
        "GlobalArgs", "Pull", "ReadOnly", "ReadOnlyTmpfs", "DropCapability", "NoNewPrivileges", "User", "Group",
        "ShmSize",
        "StopTimeout", "LogDriver", "HealthCmd", "PodmanArgs", "Restart", "RestartSec", "RestartSteps",
        "RestartMaxDelaySec", "SuccessExitStatus", "TimeoutStopSec", "LimitCORE", "MemorySwapMax", "OOMPolicy",
        "SyslogLevelPrefix", "LogRateLimitIntervalSec", "LogRateLimitBurst", "UIDMap", "GIDMap", "StartLimitBurst",
        "StartLimitIntervalSec",
    ]
}
