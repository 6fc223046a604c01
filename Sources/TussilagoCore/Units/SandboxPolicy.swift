/// How every instance is confined: all of it, as data, in this one file.
///
/// A tenant has no key that loosens any of it: a manifest's ``SandboxLimits`` only make amounts smaller, unless an admin has
/// allowed more. The text of a unit follows from here; what the real generator makes of
/// that text is checked against ``requiredArguments`` before a unit is installed.
public struct SandboxPolicy: Hashable, Sendable {
    /// The OCI runtime: the platform's own shim, which starts runsc with pinned flags or nothing at all.
    public var runtime = "\(HostPaths.programs)/tussilago-runsc"
    /// The user and group inside; never root.
    public var user: UInt32 = 10_001
    /// The amounts that are not the same for all.
    public var limits = SandboxLimits()
    /// How often an instance may start within ``startLimitSeconds``, before systemd gives it up.
    public var startLimitBurst = 5
    /// See ``startLimitBurst``.
    public var startLimitSeconds = 120

    /// The strict policy.
    public static let strict = SandboxPolicy()

    private init() {}

    /// The strict policy, but for these amounts.
    public init(_ limits: SandboxLimits?) { if let limits { self.limits = limits } }

    private var stopSeconds: Int64 { limits.amount(.stop) }
    /// How long what runs before a release serves may take, in seconds.
    var phaseSeconds: Int64 { limits.amount(.release) }

    /// The keys of `[Container]` that are the same for every instance, in the order in which they are written.
    var container: [(key: String, value: String)] {
        [
            ("GlobalArgs", "--runtime=\(runtime)"),
            ("Pull", "never"),
            ("ReadOnly", "true"),
            // runsc opens /dev/null for writing only where /dev is in memory; Podman then has /run and /var/tmp there too, as
            // large as the host's memory, but for those below.
            ("ReadOnlyTmpfs", "true"),
            ("DropCapability", "all"),
            ("NoNewPrivileges", "true"),
            ("User", "\(user)"),
            ("Group", "\(user)"),
            ("Tmpfs", "/dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=\(limits.amount(.sharedMemory))"),
            // Of the sandbox's root alone: an app writes to /tmp.
            ("Tmpfs", "/run:rw,nosuid,nodev,noexec,mode=755,size=65536"),
            ("Tmpfs", "/var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536"),
            ("StopTimeout", "\(stopSeconds)"),
            // The app's own lines, with no field that it could forge, and with nothing between it and the journal.
            ("LogDriver", "passthrough"),
            // An image is a tenant's data: what it says of health checks, volumes and names does not count.
            // (`HealthCmd=none` would have Podman run a command called "none" in the sandbox every 30 s.)
            ("PodmanArgs", "--no-healthcheck --image-volume=ignore --no-hosts"),
        ]
    }

    /// The keys of `[Service]` that are the same for every instance.
    var service: [(key: String, value: String)] {
        [
            // Not `on-failure`: a sandbox that the kernel kills for its memory exits with 137 as well.
            ("Restart", "always"),
            ("RestartSec", "1"),
            ("RestartSteps", "5"),
            ("RestartMaxDelaySec", "30"),
            // An app that ends by the signal that stops it has not failed, nor has one that must be killed for it.
            ("SuccessExitStatus", "143 137"),
            ("TimeoutStopSec", "\(stopSeconds + 20)"),
            ("LimitCORE", "0"),
            ("MemorySwapMax", "0"),
            ("OOMPolicy", "kill"),
            ("SyslogLevelPrefix", "no"),
            ("LogRateLimitIntervalSec", "10"),
            ("LogRateLimitBurst", "\(limits.amount(.logLines))"),
        ]
    }

    /// The same of what runs once: nothing starts it anew, and only an end of its own is a good one.
    var oneshot: [(key: String, value: String)] {
        let ofInstances: Set = ["Restart", "RestartSec", "RestartSteps", "RestartMaxDelaySec", "SuccessExitStatus"]
        return service.filter { !ofInstances.contains($0.key) }
    }

    /// What must be among the arguments of the `podman run` that the real generator makes, for every instance of a
    /// tenant with these users. A unit whose command lacks one of them, or says it twice, is never installed.
    ///
    /// `network` is ``isolated`` or the bridge of the app's own. With `closedDevices` it is a template of an earlier version
    /// of the platform, which releases may still have: its `/dev` is read-only.
    public func requiredArguments(users: UserRange, network: String, closedDevices: Bool = false) -> [[String]] {
        [
            ["--runtime=\(runtime)"],
            ["--pull", "never"],
            ["--network", network],
            ["--no-hosts"],
            ["--cap-drop", "all"],
            ["--security-opt=no-new-privileges"],
            ["--read-only"],
            closedDevices ? ["--read-only-tmpfs=false"] : ["--read-only-tmpfs"],
            ["--user", "\(user):\(user)"],
            ["--uidmap", "0:\(users.first):\(UserRange.size)"],
            ["--gidmap", "0:\(users.first):\(UserRange.size)"],
            ["--image-volume=ignore"],
            ["--no-healthcheck"],
        ]
    }

    /// The network of an instance that has none.
    public static let isolated = "none"

    /// What must not be among them, whatever stands in a manifest. The other values of what is required are refused as
    /// well, as they would be there twice.
    public static let forbiddenArguments = [
        "--privileged", "--cap-add", "--device", "--device-cgroup-rule", "--publish", "--publish-all", "--pid", "--ipc",
        "--uts", "--userns", "--cgroupns", "--cgroup-parent", "--annotation", "--hooks-dir", "--env-host", "--mount",
        "--volumes-from", "--secret", "--sysctl", "--group-add", "--add-host", "--health-cmd", "--systemd",
        "--module", "--config", "--root", "--storage-opt", "--conmon",
    ]

    /// The short options that may be among them: in the background, and the volumes of ``ProcessTemplate/volumes(of:)``.
    public static let shortArguments: Set = ["-d", "-v"]
}
