/// What `tussilago doctor` has seen of a host. Whoever looks decides nothing; ``HostFacts/checks`` does.
public struct HostFacts: Hashable, Sendable {
    /// What came of running a program, or of reading a file.
    public enum Seen: Hashable, Sendable {
        /// Its text.
        case text(String)
        /// It is not there.
        case missing
        /// It is there and failed, or may not be read; why.
        case failed(String)
    }

    /// `systemctl --version`.
    public var systemd = Seen.missing
    /// `podman --version`.
    public var podman = Seen.missing
    /// `podman-system-generator --version`.
    public var generator = Seen.missing
    /// `tussilago-runsc --version`: the platform's own shim, which runs gVisor's.
    public var runsc = Seen.missing
    /// `caddy version`.
    public var caddy = Seen.missing
    /// `nft --version`.
    public var nft = Seen.missing
    /// `/sys/fs/cgroup/cgroup.controllers`; missing on a host with cgroup v1.
    public var controllers = Seen.missing
    /// `/etc/subuid` and `/etc/subgid`, by their paths.
    public var subordinates: [String: Seen] = [:]
    /// `/etc/passwd` and `/etc/group`, by their paths.
    public var accounts: [String: Seen] = [:]
    /// The state of units, as `systemctl is-active` prints it, by name.
    public var units: [String: Seen] = [:]
    /// Kernel settings by their names, as sysctl(8) has them.
    public var settings: [String: Seen] = [:]
    /// `/proc/self/mountinfo`.
    public var mounts = Seen.missing
    /// Whether the key of the host's secrets is there: its path is the text.
    public var credentialKey = Seen.missing
    /// Whether the clock is set by the network: the text is `yes` or `no`.
    public var clock = Seen.missing
    /// The file system of ``HostPaths/state``; nil when it cannot be measured.
    public var disk: Disk?
    /// The agent's own word; its answer is the text.
    public var agent = Seen.missing
    /// Modes of directories that sandboxes must go through, in octal, by path.
    public var modes: [String: Seen] = [:]

    /// How much room there is, in bytes.
    public struct Disk: Hashable, Sendable {
        public let free: Int
        public let size: Int

        /// Describes a file system.
        public init(free: Int, size: Int) {
            self.free = free
            self.size = size
        }
    }

    /// Nothing seen yet.
    public init() {}
}
