/// The quadlet template of one process: what podman-systemd.unit(5) makes a service of.
///
/// What differs between releases is not in it: the image's id, the environment and the files are reached through the
/// instance's name (`%i`), by a link to its release. So a new release of the same shape needs no reload.
public struct ProcessTemplate: Sendable {
    let tenant: Tenant
    let app: App
    let process: ProcessSpecification
    let hasFiles: Bool
    let hasSecrets: Bool
    let egress: Egress?
    let isBuilt: Bool
    let hasPackages: Bool
    let hasDatabase: Bool
    let staticPaths: [StaticPath]
    let policy: SandboxPolicy

    /// Describes the template of a process, which runs what `artefact` says.
    public init(
        tenant: Tenant, app: App, process: ProcessSpecification, artefact: Artefact, hasSecrets: Bool = false,
        egress: Egress? = nil, hasDatabase: Bool = false, staticPaths: [StaticPath] = [],
        policy: SandboxPolicy = .strict
    ) {
        self.init(
            tenant: tenant, app: app, process: process, hasFiles: artefact.tree != nil, hasSecrets: hasSecrets,
            egress: egress, isBuilt: artefact.built != nil, hasPackages: artefact.built?.packages != nil,
            hasDatabase: hasDatabase, staticPaths: artefact.tree == nil ? [] : staticPaths, policy: policy)
    }

    /// Describes the template of a process.
    public init(
        tenant: Tenant, app: App, process: ProcessSpecification, hasFiles: Bool, hasSecrets: Bool = false,
        egress: Egress? = nil, isBuilt: Bool = false, hasPackages: Bool = false, hasDatabase: Bool = false,
        staticPaths: [StaticPath] = [], policy: SandboxPolicy = .strict
    ) {
        self.tenant = tenant
        self.app = app
        self.process = process
        self.hasFiles = hasFiles
        self.hasSecrets = hasSecrets
        self.egress = egress
        self.isBuilt = isBuilt
        self.hasPackages = hasPackages
        self.hasDatabase = hasDatabase
        self.staticPaths = staticPaths
        self.policy = policy
    }

    /// All that an instance of the app may see of the host's files.
    public static func volumes(of app: AppReference) -> [String] {
        [
            ingressVolume, filesVolume(of: app), packagesVolume(of: app), secretsVolume, hostsVolume(of: app),
            resolverVolume(of: app), databaseVolume(of: app.tenant),
        ]
    }

    private static let secretsVolume = "\(HostPaths.secrets)/%N:\(SecretName.directory):ro"

    private static func databaseVolume(of tenant: TenantName) -> String {
        "\(HostPaths.poolers)/\(tenant.unitLabel):\(Database.mountPoint):ro"
    }

    private static let ingressVolume =
        "\(HostPaths.ingress)/%N/\(HostPaths.ingressSocketDirectory):\(Ingress.directory)"

    private static func filesVolume(of app: AppReference) -> String {
        "\(HostPaths.live(app))/%i/\(HostPaths.files):\(Artefact.filesMountPoint):ro"
    }

    private static func packagesVolume(of app: AppReference) -> String {
        "\(HostPaths.live(app))/%i/\(HostPaths.packages):\(Artefact.packagesMountPoint):ro"
    }

    private static func hostsVolume(of app: AppReference) -> String {
        "\(HostPaths.live(app))/%i/\(HostPaths.hostsFile):/etc/hosts:ro"
    }

    private static func resolverVolume(of app: AppReference) -> String {
        "\(HostPaths.live(app))/%i/\(HostPaths.resolverFile):/etc/resolv.conf:ro"
    }

    /// Whether it runs once, before a release serves.
    private var isPhase: Bool { process.name == .release }
    /// Whether it runs to an end of its own.
    private var runsOnce: Bool { isPhase || process.schedule != nil }
    /// How long a run on a schedule may take.
    private var runSeconds: Int { process.runSeconds ?? ProcessSpecification.usualRunSeconds }
    /// How long it must run before its start counts as good, where it takes no requests.
    private var steady: Int { process.steadySeconds ?? ProcessSpecification.usualSteadySeconds }
    /// How long its start may take once its sandbox is there.
    private var startSeconds: Int { process.ingress == nil ? steady + 30 : process.health.timeoutSeconds }
    private var live: String { "\(HostPaths.live(app.reference))/%i" }
    private var helper: String { HostPaths.instanceHelper }
    private var hostUser: UInt32 { tenant.users.host(policy.user) }
    /// The ingress of an instance on a bridge, named after the bridge.
    ///
    /// systemd makes its socket, and takes no path over the 108 bytes of `sun_path`, which a unit's full name can exceed.
    private var bridgeIngress: String { "\(app.network.interface).%i" }

    /// The text of the quadlet file.
    public var text: String {
        var unit = UnitText(comment: unitFileComment)
        app.describe(tenant, in: &unit)
        unit.set("Process", "\(process.name)")
        // Its timer has the same generations, as the schedule is part of this text.
        if let schedule = process.schedule { unit.set("Schedule", schedule.text) }
        writeUnit(into: &unit)
        writeContainer(into: &unit)
        writeService(into: &unit)
        unit.section("Quadlet")
        // No app needs the host's network, and `network-online.target` can hold up a boot for minutes.
        unit.set("DefaultDependencies", "false")
        return unit.text
    }

    private func writeUnit(into unit: inout UnitText) {
        unit.section("Unit")
        unit.set("Description", "\(app.reference) \(process.name), release %i")
        unit.set("PartOf", "\(app.reference.target)")
        // Without this order the target's stop would not wait for the instances'.
        unit.set("After", "\(app.reference.target)")
        // A release that was replaced has lost its link: a target that systemd loaded before that cannot revive it.
        unit.set("ConditionPathExists", live)
        // That a run has failed is remembered as long as its timer is there.
        if runsOnce { unit.set("CollectMode", "inactive-or-failed") }
        unit.set("StartLimitIntervalSec", "\(policy.startLimitSeconds)")
        unit.set("StartLimitBurst", "\(policy.startLimitBurst)")
        let units = needed
        guard !units.isEmpty else { return }
        unit.set("Requires", units.joined(separator: " "))
        unit.set("After", units.joined(separator: " "))
    }

    /// The units that must be there as long as the instance is.
    private var needed: [String] {
        var units = hasDatabase ? ["\(tenant.name.pooler)"] : []
        guard isOnBridge else { return units }
        units.append("\(UnitName.firewall)")
        if case .port = process.ingress { units.append("tussilago-tcp@\(bridgeIngress).socket") }
        for port in Set(egress?.hosts.map(\.port) ?? []).sorted() {
            units.append("tussilago-egress@\(app.network.gateway):\(port).socket")
        }
        return units
    }

    /// Whether the instance has a network device: for its port, or for what it may reach.
    private var isOnBridge: Bool {
        if case .port = process.ingress { return true }
        return egress != nil
    }

    private func writeContainer(into unit: inout UnitText) {
        unit.section("Container")
        unit.set("Image", "${TUSSILAGO_IMAGE}")
        unit.set("ContainerName", "%p-%i")
        unit.set(policy.container)
        unit.set("UIDMap", "0:\(tenant.users.first):\(UserRange.size)")
        unit.set("GIDMap", "0:\(tenant.users.first):\(UserRange.size)")
        unit.set("HostName", "\(app.reference.app)")
        unit.set("Tmpfs", "/tmp:rw,nosuid,nodev,mode=1777,size=\(process.limits.temporary.count)")
        unit.set("EnvironmentFile", "\(live)/\(HostPaths.appEnvironment)")
        unit.set("Environment", "TUSSILAGO_RELEASE=%i")
        writeNetwork(into: &unit)
        switch process.ingress {
        case nil: break
        case .socket:
            unit.set("Environment", "TUSSILAGO_SOCKET=\(Ingress.socketPath)")
            unit.set("Volume", Self.ingressVolume)
        case .port(let port): unit.set("Environment", "PORT=\(port)")
        }
        if hasFiles {
            unit.set("Volume", Self.filesVolume(of: app.reference))
            unit.set("WorkingDir", Artefact.filesMountPoint)
        } else {
            unit.set("WorkingDir", "/")
        }
        if hasPackages { unit.set("Volume", Self.packagesVolume(of: app.reference)) }
        if isBuilt { unit.set(PythonEnvironment.variables.map { ("Environment", $0) }) }
        if hasSecrets { unit.set("Volume", Self.secretsVolume) }
        if hasDatabase { unit.set("Volume", Self.databaseVolume(of: tenant.name)) }
        let words = process.command.map { UnitText.word($0.text) }
        unit.set("Entrypoint", words.first ?? "")
        if words.count > 1 { unit.set("Exec", words.dropFirst().joined(separator: " ")) }
    }

    private func writeNetwork(into unit: inout UnitText) {
        guard isOnBridge else { return unit.set("Network", SandboxPolicy.isolated) }
        unit.set("Network", "\(app.reference.target.stem).network")
        unit.set("IP", "${TUSSILAGO_ADDRESS}")
        if egress == .internet {
            unit.set("Volume", Self.resolverVolume(of: app.reference))
        } else {
            // There is no resolver. Where nothing listens a look-up fails at once; one that the image names would be
            // waited for, since the firewall lets no packet out. Podman refuses the key beside a network of `none`.
            unit.set("DNS", "127.0.0.1")
        }
        // The names of the hosts that it may reach lead to the proxy.
        if case .hosts = egress { unit.set("Volume", Self.hostsVolume(of: app.reference)) }
    }

    private func writeService(into unit: inout UnitText) {
        unit.section("Service")
        unit.set("Slice", "\(app.reference.slice)")
        unit.set("SyslogIdentifier", "\(app.reference)")
        unit.set("LogExtraFields", "TUSSILAGO_TENANT=\(tenant.name)")
        unit.set("LogExtraFields", "TUSSILAGO_APP=\(app.reference.app)")
        unit.set("LogExtraFields", "TUSSILAGO_PROCESS=\(process.name)")
        unit.set("LogExtraFields", "TUSSILAGO_RELEASE=%i")
        unit.set("EnvironmentFile", "\(live)/\(HostPaths.unitEnvironment)")
        // Written by `join`: systemd reads the file anew before each command.
        if isOnBridge { unit.set("EnvironmentFile", "-\(HostPaths.network)/%N.env") }
        unit.set("MemoryMax", "\(process.limits.memory.count)")
        unit.set("CPUQuota", "\(process.limits.cpuPercent)%")
        unit.set("TasksMax", "\(process.limits.tasks)")
        unit.set("IOWeight", "\(process.limits.ioWeight)")
        if runsOnce {
            unit.set("Type", "oneshot")
            // That it has ended well is systemd's to know: an agent that was killed does not run it twice.
            if isPhase { unit.set("RemainAfterExit", "yes") }
            unit.set(policy.oneshot)
            unit.set("TimeoutStartSec", "\(isPhase ? policy.phaseSeconds : Int64(runSeconds))")
        } else {
            unit.set(policy.service)
            unit.set("TimeoutStartSec", "\(startSeconds + 30)")
        }
        if hasSecrets {
            // The list is the release's: which versions it has changes no unit.
            unit.set("ExecStartPre", "\(helper) secrets %N \(hostUser) \(live)/\(HostPaths.secretList)")
            unit.set("ExecStopPost", "-\(helper) forget %N")
        }
        if isOnBridge {
            unit.set(
                "ExecStartPre",
                "\(helper) join %N \(app.network.interface) \(app.network.gateway) \(live)/\(HostPaths.egressFile)")
            unit.set("ExecStopPost", "-\(helper) leave %N")
        }
        guard let ingress = process.ingress else {
            // Nobody asks it for its health: that it goes on running is all that its start can show.
            if !runsOnce, steady > 0 { unit.set("ExecStartPost", "\(helper) steady %N \(steady)") }
            return
        }
        let kind =
            switch ingress {
            case .socket: "socket \(hostUser)"
            case .port(let port): "port \(bridgeIngress) ${TUSSILAGO_ADDRESS}:\(port)"
            }
        unit.set("ExecStartPre", "\(helper) prepare %N \(kind)")
        if !staticPaths.isEmpty {
            let paths = staticPaths.map { UnitText.word("\($0)") }.joined(separator: " ")
            unit.set("ExecStartPre", "\(helper) static %N \(live)/\(HostPaths.files) \(paths)")
        }
        // `systemctl start` then blocks until the app answers, and fails when it does not.
        unit.set(
            "ExecStartPost",
            "\(helper) ready %N \(process.health.timeoutSeconds) \(UnitText.word(process.health.path))")
        unit.set("ExecStopPost", "-\(helper) ended %N")
    }
}
