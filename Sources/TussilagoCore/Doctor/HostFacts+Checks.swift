extension HostFacts {
    /// Everything that the platform needs of its host, in the order in which it is best mended.
    public var checks: [HostCheck] {
        var checks = programs
        checks.insert(cgroups, at: 1)
        checks += services
        checks += [ranges, quota, secretsKey, time, space]
        checks += kernel
        checks += [directories, answer]
        return checks
    }

    private var programs: [HostCheck] {
        [
            // RestartSteps= came with 254.
            version("systemd", systemd, from: ProgramVersion(254), mend: "upgrade to Debian 13 or later"),
            // Entrypoint= and StopTimeout= of quadlets came with 5.0.
            version("Podman", podman, from: ProgramVersion(5, 0), mend: "apt install podman"),
            version("Podman's generator", generator, from: ProgramVersion(5, 0), mend: "apt install podman"),
            // The flags that are pinned are all known since then.
            version("gVisor", runsc, from: ProgramVersion(20_240_729), mend: "apt install runsc"),
            version("Caddy", caddy, from: ProgramVersion(2, 6), mend: "apt install caddy"),
            version("nftables", nft, from: ProgramVersion(1, 0), mend: "apt install nftables"),
        ]
    }

    /// Whether nothing is bad.
    public static func isFit(_ checks: [HostCheck]) -> Bool { !checks.contains { $0.state == .bad } }

    private func version(_ name: String, _ seen: Seen, from floor: ProgramVersion, mend: String) -> HostCheck {
        switch seen {
        case .missing: return HostCheck(name, .bad, "is not installed", remedy: mend)
        case .failed(let reason):
            // The platform's own programs know better what mends it, and say so in brackets.
            guard let start = reason.firstRange(of: " (mend: "),
                let end = reason[start.upperBound...].firstIndex(of: ")")
            else { return HostCheck(name, .bad, reason, remedy: mend) }
            let rest = reason[reason.index(after: end)...]
            return HostCheck(
                name, .bad, "\(reason[..<start.lowerBound])\(rest)",
                remedy: String(reason[start.upperBound..<end]))
        case .text(let text):
            guard let version = floor.isDay ? ProgramVersion(dayIn: text) : ProgramVersion(in: text) else {
                return HostCheck(name, .unknown, "its version is not understood", remedy: mend)
            }
            guard version >= floor else {
                return HostCheck(name, .bad, "\(version) is too old: \(floor) is the first that works", remedy: mend)
            }
            return HostCheck(name, .good, "\(version)")
        }
    }

    private var cgroups: HostCheck {
        let name = "control groups", mend = "boot with systemd.unified_cgroup_hierarchy=1 and without cgroup_disable="
        guard case .text(let text) = controllers else {
            return HostCheck(name, .bad, "there is no unified hierarchy: no limit of an app holds", remedy: mend)
        }
        let missing = ["cpu", "io", "memory", "pids"].filter {
            !text.split(whereSeparator: \.isWhitespace).contains($0[...])
        }
        guard missing.isEmpty else {
            let what = missing.joined(separator: ", ")
            return HostCheck(name, .bad, "no controller for \(what): those limits of apps do not hold", remedy: mend)
        }
        return HostCheck(name, .good, "v2, with cpu, io, memory, pids")
    }

    private var services: [HostCheck] {
        let what = [
            ("podman.socket", "Podman's API cannot be asked for images"), ("caddy.service", "no app can be reached"),
            ("tussilagod.socket", "no command works"),
            ("tussilago-firewall.service", "apps on a TCP port do not start"),
            ("tussilago-reconcile.timer", "what breaks is only repaired at boot and when Caddy starts"),
        ]
        return what.map { unit, effect in
            switch units[unit] ?? .missing {
            case .text("active"): HostCheck(unit, .good, "active")
            case .text(let state):
                HostCheck(unit, .bad, "\(state): \(effect)", remedy: "systemctl enable --now \(unit)")
            case .missing, .failed:
                HostCheck(unit, .unknown, "systemd does not tell", remedy: "systemctl status \(unit)")
            }
        }
    }

    /// Nobody else may own the ids that tenants get.
    private var ranges: HostCheck {
        let name = "user ranges"
        let own = Int(UserRange.firstOfAll)...Int(UserRange.lastOfAll)
        for (path, seen) in subordinates.sorted(by: { $0.key < $1.key }) {
            guard case .text(let text) = seen else { continue }
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count == 3, let start = Int(parts[1]), let count = Int(parts[2]), count > 0 else {
                    continue
                }
                let (end, overflow) = start.addingReportingOverflow(count - 1)
                guard !overflow, start <= own.upperBound, end >= own.lowerBound else { continue }
                return HostCheck(
                    name, .bad, "\(path) gives \(parts[0]) ids of tenants (\(start) to \(end))",
                    remedy:
                        "give \(parts[0]) another range, outside of \(own.lowerBound) to \(own.upperBound): edit \(path)"
                )
            }
        }
        for (path, seen) in accounts.sorted(by: { $0.key < $1.key }) {
            guard case .text(let text) = seen else { continue }
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count > 2, let id = Int(parts[2]), own.contains(id) else { continue }
                return HostCheck(
                    name, .bad, "\(parts[0]) in \(path) has an id of the tenants' (\(id))",
                    remedy: "give \(parts[0]) another id: edit \(path)")
            }
        }
        return HostCheck(name, .good, "nobody else has ids of the tenants'")
    }

    /// What apps can write is bounded by itself; what the platform keeps of them is not.
    private var quota: HostCheck {
        let name = "disk quota"
        let bounds = "apps write to memory only, up to their limits"
        guard case .text(let text) = mounts, let mount = Self.mount(of: HostPaths.state, in: text) else {
            return HostCheck(name, .unknown, bounds)
        }
        let able = ["xfs", "ext4", "btrfs", "f2fs"].contains(mount.type)
        let on = mount.options.contains { ["prjquota", "pquota", "quota"].contains($0) }
        let state =
            on ? "project quotas are on" : able ? "project quotas are off" : "\(mount.type) has no project quotas"
        return HostCheck(name, .good, "\(bounds); below \(HostPaths.state), \(state), which nothing needs yet")
    }

    private static func mount(of path: String, in text: String) -> (type: String, options: [String])? {
        var best: (length: Int, type: String, options: [String])?
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            // proc_pid_mountinfo(5): a dash ends the optional fields.
            guard words.count > 9, let dash = words.firstIndex(of: "-"), dash + 3 < words.count else { continue }
            let point = words[4]
            guard path == point || path.hasPrefix(point == "/" ? "/" : "\(point)/") else { continue }
            guard point.utf8.count >= best?.length ?? 0 else { continue }
            best = (point.utf8.count, words[dash + 1], words[dash + 3].split(separator: ",").map(String.init))
        }
        return best.map { ($0.type, $0.options) }
    }

    private var secretsKey: HostCheck {
        let name = "credential key"
        switch credentialKey {
        case .text: return HostCheck(name, .good, "is there")
        case .missing:
            return HostCheck(
                name, .weak, "is not there: it is made with the first secret", remedy: "systemd-creds setup")
        case .failed(let reason): return HostCheck(name, .unknown, reason, remedy: "become root")
        }
    }

    private var time: HostCheck {
        switch clock {
        case .text("yes"): HostCheck("clock", .good, "is set by the network")
        case .text:
            HostCheck(
                "clock", .weak, "is not set by the network: times in logs may be wrong",
                remedy: "timedatectl set-ntp true")
        case .missing, .failed: HostCheck("clock", .unknown, "systemd does not tell", remedy: "timedatectl status")
        }
    }

    private var space: HostCheck {
        guard let disk, disk.size > 0 else { return HostCheck("disk space", .unknown, "cannot be measured") }
        let free = Bytes.readable(disk.free), share = disk.free / max(1, disk.size / 100)
        let mend = "tussilago gc; podman image prune"
        // A deploy of the largest file tree that is allowed by default, and an image.
        if disk.free < 256 << 20 { return HostCheck("disk space", .bad, "\(free) are free", remedy: mend) }
        if disk.free < 2 << 30 || share < 5 { return HostCheck("disk space", .weak, "\(free) are free", remedy: mend) }
        return HostCheck("disk space", .good, "\(free) are free")
    }

    private var kernel: [HostCheck] {
        let wanted: [(name: String, least: Int, state: HostCheck.State, effect: String, mend: String)] = [
            (
                "net.ipv4.tcp_migrate_req", 1, .weak, "connections are lost when Caddy's routes change",
                "sysctl --system"
            ),
            (
                "user.max_user_namespaces", 1_000, .bad, "each sandbox needs user namespaces",
                "sysctl user.max_user_namespaces=10000"
            ),
        ]
        return wanted.map { name, least, state, effect, mend in
            guard case .text(let text) = settings[name] ?? .missing,
                let value = Int(text.split(whereSeparator: \.isWhitespace).first ?? "")
            else {
                return HostCheck(name, .unknown, "the kernel does not tell")
            }
            return value >= least
                ? HostCheck(name, .good, "\(value)") : HostCheck(name, state, "\(value): \(effect)", remedy: mend)
        }
    }

    private var directories: HostCheck {
        var wrong: [String] = []
        for (path, seen) in modes.sorted(by: { $0.key < $1.key }) {
            guard case .text(let text) = seen, let mode = Int(text, radix: 8) else { continue }
            if mode & 0o1 == 0 { wrong.append(path) }
        }
        guard let first = wrong.first else {
            return HostCheck("directories", .good, "sandboxes get through to their files")
        }
        return HostCheck(
            "directories", .bad, "sandboxes cannot go through \(first)",
            remedy: "systemd-tmpfiles --create tussilago.conf")
    }

    private var answer: HostCheck {
        switch agent {
        case .text(let text): HostCheck("agent", .good, text)
        case .missing:
            HostCheck("agent", .bad, "does not answer", remedy: "systemctl enable --now tussilagod.socket")
        case .failed(let reason): HostCheck("agent", .bad, reason, remedy: "systemctl status tussilagod")
        }
    }
}

extension Bytes {
    /// A number of bytes as people read it.
    static func readable(_ count: Int) -> String {
        count >= 1 << 30 ? "\(count >> 30) GiB" : "\(count >> 20) MiB"
    }
}
