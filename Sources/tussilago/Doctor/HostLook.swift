import FoundationEssentials
import Glibc
import Subprocess
import TussilagoAPI
import TussilagoCore

/// Looks at this host with the caller's own eyes: a doctor must not need the agent, which may be what is ill.
struct HostLook {
    let client: Client

    private static let units = [
        "podman.socket", "caddy.service", "tussilagod.socket", "tussilago-firewall.service",
        "tussilago-reconcile.timer",
    ]
    private static let settings = ["net.ipv4.tcp_migrate_req", "user.max_user_namespaces"]
    /// What sandboxes go through to get to their files; tmpfiles.d opens it.
    private static let directories = [
        "/var/lib/containers", "/var/lib/containers/storage", "/var/lib/containers/storage/overlay",
        "/run/containers/storage/overlay-containers", HostPaths.state, HostPaths.apps, HostPaths.trees,
        HostPaths.ingress,
    ]
    /// A program that has not answered by then will not, in seconds.
    private static let patience = Duration.seconds(10)
    /// More than any of what is read has.
    private static let limit = 1 << 20

    func facts() async -> HostFacts {
        var facts = HostFacts()
        facts.systemd = await run("/usr/bin/systemctl", "--version")
        facts.podman = await run("/usr/bin/podman", "--version")
        facts.generator = await run("/usr/lib/systemd/system-generators/podman-system-generator", "--version")
        facts.runsc = await run("\(HostPaths.programs)/tussilago-runsc", "--version")
        facts.caddy = await run("/usr/bin/caddy", "version")
        facts.nft = await run("/usr/sbin/nft", "--version")
        facts.controllers = Self.text("/sys/fs/cgroup/cgroup.controllers")
        facts.mounts = Self.text("/proc/self/mountinfo")
        for path in ["/etc/subuid", "/etc/subgid"] { facts.subordinates[path] = Self.text(path) }
        for path in ["/etc/passwd", "/etc/group"] { facts.accounts[path] = Self.text(path) }
        for unit in Self.units { facts.units[unit] = await state(of: unit) }
        for name in Self.settings {
            facts.settings[name] = Self.text("/proc/sys/" + name.replacing(".", with: "/"))
        }
        for path in Self.directories { facts.modes[path] = Self.mode(path) }
        if case .text = Self.mode("/var/lib/systemd/credential.secret") { facts.credentialKey = .text("is there") }
        facts.clock = await run("/usr/bin/timedatectl", "show", "--property=NTPSynchronized", "--value")
        facts.disk = Self.disk(HostPaths.state)
        facts.agent = await agent()
        return facts
    }

    private func agent() async -> HostFacts.Seen {
        do {
            let status: StatusResource = try await client.get(Paths.status)
            let broken = status.parts.filter { !$0.ok }.map { "\($0.name): \($0.detail)" }
            guard broken.isEmpty else { return .failed(broken.joined(separator: "; ")) }
            return .text("\(status.version), with \(status.apps) apps of \(status.tenants) tenants")
        } catch let failure as CommandFailure {
            return .failed(failure.problem.detail)
        } catch { return .failed("\(error)") }
    }

    /// `systemctl is-active` says how a unit is, and ends with 3 for those that are not.
    private func state(of unit: String) async -> HostFacts.Seen {
        await run("/usr/bin/systemctl", "is-active", "--", unit, mayFail: true)
    }

    /// The first line that a program prints; its complaint, when it fails.
    private func run(_ program: String, _ arguments: String..., mayFail: Bool = false) async -> HostFacts.Seen {
        guard access(program, F_OK) == 0 else { return .missing }
        // A name is looked up in the child's own PATH.
        let parts = program.split(separator: "/")
        let name = String(parts.last ?? "")
        let path = "/" + parts.dropLast().joined(separator: "/") + ":/usr/sbin:/usr/bin:/sbin:/bin"
        do {
            let result = try await withThrowingTaskGroup(of: (String, String, Bool)?.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        .name(name), arguments: Arguments(arguments),
                        environment: .custom(["PATH": path, "LC_ALL": "C.UTF-8"]),
                        output: .bytes(limit: Self.limit), error: .bytes(limit: Self.limit))
                    let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
                    return (text(result.standardOutput), text(result.standardError), result.terminationStatus.isSuccess)
                }
                group.addTask {
                    try await Task.sleep(for: Self.patience)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let (output, complaint, succeeded) = result else { return .failed("did not end in time") }
            let line = { (text: String) in String(text.split(separator: "\n").first ?? "") }
            guard succeeded || mayFail else { return .failed(line(complaint.isEmpty ? output : complaint)) }
            return .text(line(output))
        } catch { return .failed("cannot be run: \(error)") }
    }

    private static func text(_ path: String) -> HostFacts.Seen {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            return errno == ENOENT ? .missing : .failed(String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return .text(String(decoding: bytes, as: UTF8.self))
    }

    private static func mode(_ path: String) -> HostFacts.Seen {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return errno == ENOENT ? .missing : .failed(String(cString: strerror(errno)))
        }
        return .text(String(status.st_mode & 0o7777, radix: 8))
    }

    private static func disk(_ path: String) -> HostFacts.Disk? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let bytes = { (blocks: UInt) in Int(clamping: UInt64(blocks) &* UInt64(status.f_frsize)) }
        return HostFacts.Disk(free: bytes(UInt(status.f_bavail)), size: bytes(UInt(status.f_blocks)))
    }
}
