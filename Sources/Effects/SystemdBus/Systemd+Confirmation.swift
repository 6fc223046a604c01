internal import TussilagoCore

extension Systemd {
    /// Looks again at units whose starts systemd calls done; the error is that of the first that does not run.
    ///
    /// systemd says so too when a condition does not hold and nothing was started (`job_run_and_invalidate` in its
    /// `src/core/job.c`), and when a service without a readiness of its own has failed a moment later.
    func confirmStart(of units: [UnitName]) async throws(PortError) {
        guard !units.isEmpty else { return }
        let listed = Dictionary(
            try await list(units, timeout: Self.timeout).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for unit in units {
            guard let now = listed[unit.description] else { continue }
            if now.status.active == "failed" {
                throw await explained(
                    PortError(.startFailed, unit.description, cause: "it failed right after its start"))
            }
            // What has run and ended well, as a oneshot does, is inactive too.
            guard now.status.active == "inactive", try await !conditionsHeld(now) else { continue }
            if let failure = JobKind.start.failure(of: unit, .skipped) { throw failure }
        }
    }

    /// Keeps units loaded until ``release(_:)`` or the end of the connection.
    ///
    /// systemd unloads what neither runs nor is wanted at once, and with it what it knows of the unit's conditions.
    func hold(_ units: [UnitName]) async { await callEach("RefUnit", units) }

    /// Ends ``hold(_:)``.
    func release(_ units: [UnitName]) async { await callEach("UnrefUnit", units) }

    /// Lets units start that systemd has given up, since they failed too often: whoever starts them means it.
    func forgive(_ units: [UnitName]) async { await callEach("ResetFailedUnit", units) }

    /// Failures do not matter here: a unit that does not exist is told of by its start.
    private func callEach(_ member: String, _ units: [UnitName]) async {
        await withTaskGroup { group in
            for unit in units {
                group.addTask {
                    try? await self.call(
                        Self.method(member), [.string(unit.description)], timeout: .seconds(5)
                    ) { _ in }
                }
            }
        }
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
