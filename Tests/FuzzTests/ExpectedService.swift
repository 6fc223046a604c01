import TussilagoCore

/// What Podman's generator must make of a process: written down once more, from what the process is and from nothing that
/// renders units, so that the two can differ.
struct ExpectedService {
    /// The words of the command that starts it, those before the image in any order.
    var options: [String]
    /// The arguments behind the image.
    var arguments: [String]
    /// The keys of each section, in their order, in which a line too many or too few would show.
    var keys: [String: [String]]
    /// Values in which something of the tenant's stands.
    var values: [String: [String]]

    init(
        _ process: ProcessSpecification, hasFiles: Bool, hasDatabase: Bool = false, sandbox: SandboxLimits? = nil,
        staticPaths: [StaticPath] = []
    ) {
        let stop = sandbox?[.stop] ?? 10, shared = sandbox?[.sharedMemory] ?? 16_777_216
        let users = 0x7000_0000 + 7 * 65_536
        let live = "/var/lib/tussilago/apps/acme/shop/live/%i"
        options = """
            /usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc run --name %p-%i --cidfile=%t/%N.cid --replace \
            --rm --log-driver passthrough --cgroups=split --stop-timeout \(stop) --pull never --entrypoint --hostname shop \
            --tmpfs /dev/shm:rw,nosuid,nodev,noexec,mode=1777,size=\(shared) \
            --tmpfs /run:rw,nosuid,nodev,noexec,mode=755,size=65536 \
            --tmpfs /var/tmp:rw,nosuid,nodev,noexec,mode=755,size=65536 \
            --tmpfs /tmp:rw,nosuid,nodev,mode=1777,size=\(process.limits.temporary.count) --read-only-tmpfs \
            --sdnotify=conmon -d --security-opt=no-new-privileges --cap-drop all --read-only --user 10001:10001 \
            --uidmap 0:\(users):65536 --gidmap 0:\(users):65536 --env TUSSILAGO_RELEASE=%i --env-file \(live)/app.env \
            --no-healthcheck --image-volume=ignore --no-hosts --network --workdir
            """.split(separator: " ").map(String.init)
        options.append(process.command.first?.text ?? "")
        options.append(hasFiles ? "/app" : "/")
        if hasFiles { options += ["-v", "\(live)/files:/app:ro"] }
        arguments = process.command.dropFirst().map(\.text)
        let helper = "/usr/libexec/tussilago/tussilago-instance"
        values = [:]
        var container = """
            Image ContainerName GlobalArgs Pull ReadOnly ReadOnlyTmpfs DropCapability NoNewPrivileges User Group Tmpfs Tmpfs Tmpfs \
            StopTimeout LogDriver PodmanArgs UIDMap GIDMap HostName Tmpfs EnvironmentFile Environment Network
            """.split(separator: " ").map(String.init)
        var unit = "Description PartOf After ConditionPathExists StartLimitIntervalSec StartLimitBurst"
        switch process.ingress {
        case nil: options.append("none")
        case .socket:
            options += ["none", "--env", "TUSSILAGO_SOCKET=/run/ingress/web.sock", "-v"]
            options.append("/run/tussilago-ingress/%N/in:/run/ingress")
            container += ["Environment", "Volume"]
            values["ExecStartPre"] = ["\(helper) prepare %N socket \(users + 10_001)"]
        case .port(let port):
            options += [
                "tussilago-acme-shop", "--ip", "${TUSSILAGO_ADDRESS}", "--dns", "127.0.0.1", "--env", "PORT=\(port)",
            ]
            container += ["IP", "DNS", "Environment"]
            values["ExecStartPre"] = [
                "\(helper) join %N tsl-3 10.80.3.1 \(live)/egress",
                "\(helper) prepare %N port tsl-3.%i ${TUSSILAGO_ADDRESS}:\(port)",
            ]
        }
        container += hasFiles ? ["Volume", "WorkingDir"] : ["WorkingDir"]
        if hasDatabase {
            container.append("Volume")
            options += ["-v", "/run/tussilago-pgbouncer/acme:/run/postgresql:ro"]
            unit += " RequiresMountsFor"
        }
        container.append("Entrypoint")
        if process.command.count > 1 { container.append("Exec") }
        if case .port = process.ingress {
            unit += " Requires After Requires After"
        } else if hasDatabase {
            unit += " Requires After"
        }
        unit += " SourcePath RequiresMountsFor"
        // One for each directory of the host.
        if hasFiles { unit += " RequiresMountsFor" }
        if process.ingress == .socket { unit += " RequiresMountsFor" }
        var service = """
            Slice SyslogIdentifier LogExtraFields LogExtraFields LogExtraFields LogExtraFields EnvironmentFile MemoryMax \
            CPUQuota TasksMax IOWeight Restart RestartSec RestartSteps RestartMaxDelaySec SuccessExitStatus TimeoutStopSec \
            LimitCORE MemorySwapMax OOMPolicy SyslogLevelPrefix LogRateLimitIntervalSec LogRateLimitBurst TimeoutStartSec
            """
        let removal = "/usr/bin/podman --runtime=/usr/libexec/tussilago/tussilago-runsc rm -v -f -i --cidfile=%t/%N.cid"
        values["ExecStop"] = [removal]
        values["ExecStopPost"] = ["-\(removal)"]
        if process.ingress != nil {
            service += " ExecStartPre ExecStartPost ExecStopPost"
            let path = process.health.path.replacing("%", with: "%%")
            values["ExecStartPost"] = ["\(helper) ready %N \(process.health.timeoutSeconds) \"\(path)\""]
            values["ExecStopPost"] = ["-\(helper) ended %N", "-\(removal)"]
        }
        if process.ingress != nil, !staticPaths.isEmpty {
            service += " ExecStartPre"
            let words = staticPaths.map { "\"\($0.prefix)=\($0.directory)\"" }.joined(separator: " ")
            values["ExecStartPre"]?.append("\(helper) static %N \(live)/files \(words)")
        }
        if case .port = process.ingress {
            service += " EnvironmentFile ExecStartPre ExecStopPost"
            values["ExecStopPost"]?.insert("-\(helper) leave %N", at: 0)
        }
        if process.schedule != nil {
            let ofInstances = ["Restart", "RestartSec", "RestartSteps", "RestartMaxDelaySec", "SuccessExitStatus"]
            service = service.split(separator: " ").filter { !ofInstances.contains(String($0)) }.joined(separator: " ")
            unit += " CollectMode"
            options.removeAll { ["--sdnotify=conmon", "-d"].contains($0) }
            values["TimeoutStartSec"] = ["\(process.runSeconds ?? 600)"]
        } else if process.ingress == nil, process.steadySeconds != 0 {
            service += " ExecStartPost"
            values["ExecStartPost"] = ["\(helper) steady %N \(process.steadySeconds ?? 3)"]
        }
        service += " Environment ExecStop ExecStopPost Delegate Type ExecStart"
        if process.schedule == nil { service += " NotifyAccess" }
        values["LogRateLimitBurst"] = ["\(sandbox?[.logLines] ?? 5_000)"]
        values["TimeoutStopSec"] = ["\(stop + 20)"]
        values["Type"] = [process.schedule == nil ? "notify" : "oneshot"]
        values["MemoryMax"] = ["\(process.limits.memory.count)"]
        values["TasksMax"] = ["\(process.limits.tasks)"]
        values["Delegate"] = ["yes"]
        keys = [
            "X-Tussilago": "Tenant TenantId Users App AppId Network Process".split(separator: " ").map(String.init)
                + (process.schedule == nil ? [] : ["Schedule"]),
            "Unit": unit.split(separator: " ").map(String.init), "X-Container": container,
            "Service": service.split(separator: " ").map(String.init), "X-Quadlet": ["DefaultDependencies"],
        ]
    }

    /// How a generated unit differs from this; nil when it does not.
    func difference(from text: String) -> String? {
        var section = "", seen: [String: [String]] = [:], command: String?, values: [String: [String]] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = String(line.dropFirst().dropLast())
            } else if let equals = line.firstIndex(of: "="), !line.hasSuffix("\\") {
                let key = String(line[..<equals]), value = String(line[line.index(after: equals)...])
                seen[section, default: []].append(key)
                if section == "Service" { values[key, default: []].append(value) }
                if section == "Service", key == "ExecStart" { command = value }
            } else {
                return "the line \(line.debugDescription)"
            }
        }
        for name in Set(seen.keys).union(keys.keys) {
            // What the generator itself adds depends on its version, and is none of the tenant's.
            let own = Set(["KillMode"])
            let made = (seen[name] ?? []).filter { !own.contains($0) }.sorted()
            let wanted = (keys[name] ?? []).filter { !own.contains($0) }.sorted()
            if made != wanted { return "[\(name)] has \(made) and not \(wanted)" }
        }
        for (key, wanted) in self.values where values[key] ?? [] != wanted {
            return "\(key) is \(values[key] ?? []) and not \(wanted)"
        }
        return Self.difference(of: command ?? "", from: self)
    }

    private static func difference(of command: String, from expected: ExpectedService) -> String? {
        guard let commands = try? Words.split(command), commands.count == 1, let words = commands.first else {
            return "the command \(command.debugDescription) cannot be read"
        }
        // The entrypoint may look like the image's variable, so the arguments are counted from the end.
        guard words.count == expected.options.count + 1 + expected.arguments.count else {
            return "the command has \(words.count) words: \(command)"
        }
        let options = words.prefix(expected.options.count), rest = words.dropFirst(expected.options.count)
        guard rest.first == "${TUSSILAGO_IMAGE}" else { return "the image is not where it should be: \(command)" }
        // systemd has these two left to resolve in what is the tenant's.
        let written = { (text: String) in text.replacing("%", with: "%%").replacing("$", with: "$$") }
        guard Array(rest.dropFirst()) == expected.arguments.map(written) else {
            return "the arguments are \(Array(rest.dropFirst()))"
        }
        var wanted = expected.options
        if let place = options.firstIndex(of: "--entrypoint"), options.indices.contains(place + 1) {
            let entrypoint = wanted.remove(at: Self.entrypointPlace(in: wanted))
            guard options[place + 1] == written(entrypoint) else { return "the program is \(options[place + 1])" }
            wanted.append(written(entrypoint))
        }
        guard options.sorted() == wanted.sorted() else {
            let extra = options.filter { !wanted.contains($0) }, missing = wanted.filter { !options.contains($0) }
            return "the options have \(extra) too many and lack \(missing)"
        }
        return nil
    }

    /// Behind `--workdir`, see ``init(_:hasFiles:)``.
    private static func entrypointPlace(in options: [String]) -> Int {
        (options.firstIndex(of: "--workdir") ?? 0) + 1
    }
}
