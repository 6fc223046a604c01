/// One running copy of a process of a release.
public struct Instance: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The app.
    public let app: AppReference
    /// The process.
    public let process: ProcessName
    /// The generation of the process's template.
    public let generation: Int
    /// The release.
    public let release: ReleaseNumber
    /// Which copy, from 1.
    public let copy: Int
    /// Whether a timer starts it, rather than the app's target.
    public let isScheduled: Bool

    /// Names an instance.
    public init(
        app: AppReference, process: ProcessName, generation: Int, release: ReleaseNumber, copy: Int = 1,
        isScheduled: Bool = false
    ) {
        self.isScheduled = isScheduled
        self.app = app
        self.process = process
        self.generation = generation
        self.release = release
        self.copy = copy
    }

    /// What stands behind the `@`: `7`, or `7.2` for the second copy. It is also the name of the instance's link to
    /// its release, through which the template reaches all that differs between releases.
    public var instanceName: String { copy == 1 ? "\(release)" : "\(release).\(copy)" }

    /// The unit that the app's target starts and stops: the instance's service, or the timer of one that has a schedule.
    public var unit: UnitName {
        UnitName(unchecked: "\(template.stem)@\(instanceName)", isScheduled ? .timer : .service)
    }

    /// The service in which it runs.
    public var service: UnitName { UnitName(unchecked: unit.stem, .service) }

    /// All units that it has; the one that may start another comes first.
    public var units: [UnitName] { isScheduled ? [unit, service] : [unit] }

    /// The template that the service is an instance of.
    public var template: TemplateName { TemplateName(app: app, process: process, generation: generation) }

    /// The same of a text.
    public init?(unitText: String) {
        guard let unit = UnitName(unitText) else { return nil }
        self.init(unit: unit)
    }

    /// Reads an instance back from the name of ``unit``; of the service of one that a timer starts, as of any other service.
    public init?(unit: UnitName) {
        guard unit.type == .service || unit.type == .timer else { return nil }
        let parts = unit.stem.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let template = TemplateName(stem: String(parts[0])) else { return nil }
        let numbers = parts[1].split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = numbers.first, let number = first, let release = ReleaseNumber(rawValue: number) else {
            return nil
        }
        guard numbers.count <= 2, let copy = numbers.count == 2 ? numbers[1] : 1, copy >= 1 else { return nil }
        self.init(
            app: template.app, process: template.process, generation: template.generation, release: release, copy: copy,
            isScheduled: unit.type == .timer)
        guard self.unit == unit else { return nil }
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.app, left.process, left.release, left.copy, left.generation)
            < (right.app, right.process, right.release, right.copy, right.generation)
    }

    public var description: String { unit.description }
}
