internal import TussilagoCore

extension Systemd {
    /// Looks again at a unit whose start systemd calls done.
    ///
    /// systemd says so too when a condition does not hold and nothing was started (`job_run_and_invalidate` in its
    /// `src/core/job.c`), and when a service without a readiness of its own has failed a moment later.
    func confirmStart(of unit: UnitName) async throws(PortError) {
        let listed = try await list(unit, timeout: .seconds(5))
        switch listed.status.active {
        case "failed":
            throw PortError(.startFailed, unit.description, cause: "it failed right after its start")
        case "inactive":
            // What has run and ended well, as a oneshot does, is inactive too.
            if try await conditionsHeld(listed) { return }
            if let failure = JobKind.start.failure(of: unit, .skipped) { throw failure }
        default: return
        }
    }

    /// Keeps a unit loaded until ``release(_:)`` or the end of the connection.
    ///
    /// systemd unloads what neither runs nor is wanted at once, and with it what it knows of the unit's conditions.
    func hold(_ unit: UnitName) async {
        try? await call(Self.method("RefUnit"), [.string(unit.description)], timeout: .seconds(5)) { _ in }
    }

    /// Ends ``hold(_:)``.
    func release(_ unit: UnitName) async {
        try? await call(Self.method("UnrefUnit"), [.string(unit.description)], timeout: .seconds(5)) { _ in }
    }

    private func conditionsHeld(_ unit: Listed) async throws(PortError) -> Bool {
        do throws(BusFailure) {
            let names = ["org.freedesktop.systemd1.Unit", "ConditionResult"].map(BusMessage.Argument.string)
            return try await call(Self.propertyOf(unit.path), names, timeout: Self.timeout) {
                message throws(BusFailure) in try message.readBoolProperty()
            }
        } catch { throw PortError(error, subject: unit.name) }
    }
}
