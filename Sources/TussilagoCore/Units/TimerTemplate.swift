/// The timer template of a process that runs on a schedule (systemd.timer(5)): it starts the process's service of the same
/// release.
///
/// Its schedule stands in the process's quadlet as well, so both have the same generations. A run that is due while the
/// one before it goes on is left out: systemd does not start what runs. One that was due while the host was off or the
/// app stopped is not made up for.
public struct TimerTemplate: Sendable {
    private let tenant: Tenant
    private let app: App
    private let process: ProcessName
    private let schedule: Schedule
    private let template: TemplateName

    /// Describes the timer of a process; nil of one that has no schedule.
    public init?(tenant: Tenant, app: App, process: ProcessSpecification, generation: Int) {
        guard let schedule = process.schedule else { return nil }
        self.tenant = tenant
        self.app = app
        self.process = process.name
        self.schedule = schedule
        template = TemplateName(app: app.reference, process: process.name, generation: generation)
    }

    /// The unit file.
    public var file: UnitFile { UnitFile(path: template.timerPath, text: text) }

    private var text: String {
        var unit = UnitText(comment: unitFileComment)
        app.describe(tenant, in: &unit)
        unit.set("Process", "\(process)")
        unit.section("Unit")
        unit.set("Description", "\(app.reference) \(process), release %i, on its schedule")
        unit.set("PartOf", "\(app.reference.target)")
        unit.set("After", "\(app.reference.target)")
        // As in the process's own template.
        unit.set("ConditionPathExists", "\(HostPaths.live(app.reference))/%i")
        unit.section("Timer")
        unit.set("OnCalendar", schedule.text)
        unit.set("AccuracySec", "1s")
        return unit.text
    }
}

extension TemplateName {
    /// Where the template of the process's timer lies.
    public var timerPath: UnitFile.Path { .system(UnitName(unchecked: "\(stem)@", .timer)) }

    /// Reads a template's name back from its timer's.
    public init?(timer unit: UnitName) {
        guard unit.type == .timer, unit.stem.hasSuffix("@") else { return nil }
        self.init(stem: String(unit.stem.dropLast()))
    }
}

extension Release {
    /// The timers of its processes.
    func timers(tenant: Tenant, app: App) -> [UnitFile] {
        manifest.processes.compactMap { process in
            TimerTemplate(
                tenant: tenant, app: app, process: process, generation: templates[process.name]?.generation ?? 1)?.file
        }
    }
}
