/// The quadlet of an app's builds: a sandbox as strict as an instance's, which ends by itself.
///
/// What differs between builds is reached through `%i`, as in an instance's template. It has no network, no secret and
/// nothing of a release.
public struct BuildTemplate: Sendable {
    private let tenant: Tenant
    private let app: App
    private let limits: BuildLimits
    private let policy = SandboxPolicy.strict

    /// Describes the builds of an app.
    public init(tenant: Tenant, app: App, limits: BuildLimits = BuildLimits()) {
        self.tenant = tenant
        self.app = app
        self.limits = limits
    }

    /// The quadlet file.
    public var file: UnitFile { UnitFile(path: Build.template(of: app.reference).path, text: text) }

    /// What a build finds: names in its directory, and where they are in the sandbox.
    public enum Input: String, CaseIterable, Sendable {
        case source = "source.tar"
        case order = "order.json"
        case uv, wheels, packages
    }

    /// What a build makes: directories of the app's user, where they are in the sandbox.
    public enum Output: String, CaseIterable, Sendable {
        case app, packages, result
    }

    /// All that a build may see of the host's files.
    public static func volumes(of app: AppReference) -> [String] {
        Input.allCases.map { "\(HostPaths.builds(app))/%i/\($0.rawValue):/run/build/\($0.rawValue):ro" }
            + ["\(HostPaths.pythonBuilder):/run/build/build.py:ro"]
            + Output.allCases.map { "\(HostPaths.buildOutput)/%N/\($0.rawValue):/\($0.rawValue)" }
    }

    private var text: String {
        var unit = UnitText(comment: unitFileComment)
        app.describe(tenant, in: &unit)
        unit.set("Process", "\(ProcessName.build)")
        unit.section("Unit")
        unit.set("Description", "\(app.reference) build %i")
        // Each build has a name of its own: systemd forgets it when it has failed, and the journal does not.
        unit.set("CollectMode", "inactive-or-failed")
        unit.set("ConditionPathExists", "\(directory)/\(Input.order.rawValue)")
        writeContainer(into: &unit)
        writeService(into: &unit)
        unit.section("Quadlet")
        unit.set("DefaultDependencies", "false")
        return unit.text
    }

    private var directory: String { "\(HostPaths.builds(app.reference))/%i" }

    private func writeContainer(into unit: inout UnitText) {
        unit.section("Container")
        unit.set("Image", "${TUSSILAGO_IMAGE}")
        unit.set("ContainerName", "%p-%i")
        unit.set(policy.container)
        unit.set("Tmpfs", "/tmp:rw,nosuid,nodev,mode=1777,size=\(limits.output.count)")
        unit.set("UIDMap", "0:\(tenant.users.first):\(UserRange.size)")
        unit.set("GIDMap", "0:\(tenant.users.first):\(UserRange.size)")
        unit.set("HostName", "build")
        unit.set("Network", SandboxPolicy.isolated)
        for volume in Self.volumes(of: app.reference) { unit.set("Volume", volume) }
        unit.set("WorkingDir", "/")
        unit.set("Entrypoint", UnitText.word("python3"))
        unit.set("Exec", ["-B", "/run/build/build.py"].map(UnitText.word).joined(separator: " "))
    }

    private func writeService(into unit: inout UnitText) {
        let owner = tenant.users.host(policy.user), helper = HostPaths.instanceHelper
        unit.section("Service")
        unit.set("Type", "oneshot")
        // That it has ended well is systemd's to know: an agent that was killed finds it so.
        unit.set("RemainAfterExit", "yes")
        unit.set("Slice", "\(app.reference.buildSlice)")
        unit.set("SyslogIdentifier", "\(app.reference)")
        unit.set("LogExtraFields", "TUSSILAGO_TENANT=\(tenant.name)")
        unit.set("LogExtraFields", "TUSSILAGO_APP=\(app.reference.app)")
        unit.set("LogExtraFields", "TUSSILAGO_PROCESS=\(ProcessName.build)")
        unit.set("EnvironmentFile", "\(directory)/\(HostPaths.unitEnvironment)")
        unit.set("MemoryMax", "\(limits.memory.count)")
        unit.set("CPUQuota", "\(limits.cpuPercent)%")
        unit.set("TasksMax", "\(limits.tasks)")
        // What serves comes first.
        unit.set("IOWeight", "10")
        unit.set("CPUWeight", "20")
        unit.set(policy.oneshot)
        unit.set("TimeoutStartSec", "\(limits.seconds)")
        unit.set("ExecStartPre", "\(helper) workshop %N \(owner) \(limits.output.count) \(limits.entries)")
        unit.set("ExecStopPost", "-\(helper) cleared %N")
    }
}

extension AppReference {
    /// `tussilago-acme-shop-build.slice`: a build has what the app has left, and is told apart from it.
    public var buildSlice: UnitName { UnitName(unchecked: "\(unitStem)-\(ProcessName.build)", .slice) }
}
