internal import TussilagoCore

/// How a job of systemd's ended: the last argument of the signal JobRemoved (org.freedesktop.systemd1(5)).
enum JobResult: Hashable {
    case done, skipped, failed, timeout, dependency, canceled
    /// One that this code does not know: systemd may add some.
    case other(String)

    /// Reads systemd's word.
    init(_ word: String) {
        self =
            switch word {
            case "done": .done
            case "skipped": .skipped
            case "failed": .failed
            case "timeout": .timeout
            case "dependency": .dependency
            case "canceled": .canceled
            default: .other(word)
            }
    }

    /// Why the job did not do what it was for; nil when it did.
    var cause: String? {
        switch self {
        case .done: nil
        case .skipped: "systemd skipped it: a condition of the unit does not hold"
        case .failed: "it failed"
        case .timeout: "it took longer than its unit allows"
        case .dependency: "a unit that it depends on failed"
        case .canceled: "another job took its place"
        case .other(let word): "systemd ended its job with \"\(word)\""
        }
    }
}

/// The jobs that the agent asks systemd for.
enum JobKind: Hashable {
    case start, stop, refresh

    /// The method of systemd's manager.
    var method: String {
        switch self {
        case .start: "StartUnit"
        case .stop: "StopUnit"
        case .refresh: "ReloadOrRestartUnit"
        }
    }

    /// The error that a job's end means for its unit; nil when it is as it was asked for.
    func failure(of unit: UnitName, _ result: JobResult) -> PortError? {
        guard let cause = result.cause else { return nil }
        return failure(of: unit, cause: cause, isRefusal: result == .skipped)
    }

    /// What a unit's state says of a job whose end was not seen: a failure, done, or nil while it may still end well.
    func verdict(on unit: UnitName, _ status: UnitStatus, hasJob: Bool) -> Result<Void, PortError>? {
        switch self {
        case .start where status.load == UnitStatus.notFound.load,
            .refresh where status.load == UnitStatus.notFound.load:
            .failure(PortError(.notFound, unit.description, cause: "systemd knows no such unit"))
        case .refresh where hasJob: nil
        case .start where status.isActive, .refresh where status.isActive, .stop where !status.mayRun: .success(())
        case .start where hasJob || status.mayRun, .stop where hasJob || status.active == "deactivating": nil
        case .start where status.active == "failed": .failure(failure(of: unit, cause: "it failed"))
        case .start, .refresh: .failure(failure(of: unit, cause: "it does not run"))
        case .stop: .failure(failure(of: unit, cause: "it still runs"))
        }
    }

    private func failure(of unit: UnitName, cause: String, isRefusal: Bool = false) -> PortError {
        PortError(self == .start && !isRefusal ? .startFailed : .refused, unit.description, cause: cause)
    }
}
