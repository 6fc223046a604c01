public import TussilagoCore

extension Systemd {
    /// Someone who waits for a job to end.
    struct JobWaiter {
        let job: String
        let continuation: CheckedContinuation<JobEnd, Never>
    }

    /// Why a wait for a job is over.
    enum JobEnd: Sendable {
        case ended(JobResult)
        /// The connection was lost, and with it maybe the signal.
        case signalsLost
        case deadlinePassed
        case cancelled
    }

    public func start(_ units: [UnitName], deadline: Duration) async throws(PortError) {
        let result: Result<Void, PortError>
        do throws(PortError) {
            async let held: Void = hold(units)
            await forgive(units)
            await held
            try await perform(.start, units, within: deadline)
            result = .success(try await confirmStart(of: units))
        } catch { result = .failure(error) }
        // Not part of the caller's task: what was cancelled must be released as well.
        Task { await release(units) }
        try result.get()
    }

    public func stop(_ units: [UnitName], deadline: Duration) async throws(PortError) {
        try await perform(.stop, units, within: deadline)
        // What came of a job's last run is remembered as long as its timer is there. systemd forgets it with the timer, but
        // never once the unit's file is gone, which may come first.
        await forgive(units.filter { $0.type == .timer }.compactMap { UnitName("\($0.stem).service") })
    }

    public func refresh(_ unit: UnitName, deadline: Duration) async throws(PortError) {
        try await perform(.refresh, [unit], within: deadline)
    }

    /// Asks for all jobs, then waits for all; the error is that of the first unit that has one.
    private func perform(_ kind: JobKind, _ units: [UnitName], within limit: Duration) async throws(PortError) {
        let deadline = ContinuousClock.now + limit
        let failure = await withTaskGroup(of: (index: Int, error: PortError?).self) { group in
            for (index, unit) in units.enumerated() {
                group.addTask {
                    do throws(PortError) {
                        try await self.perform(kind, unit, by: deadline)
                        return (index, nil)
                    } catch { return (index, error) }
                }
            }
            var first: (index: Int, error: PortError)?
            for await (index, error) in group {
                if let error, index < first?.index ?? .max { first = (index, error) }
            }
            return first?.error
        }
        if let failure { throw failure }
    }

    private func perform(
        _ kind: JobKind, _ unit: UnitName, by deadline: ContinuousClock.Instant
    ) async throws(PortError) {
        let job: String
        do throws(BusFailure) {
            try await subscribe()
            job = try await call(
                Self.method(kind.method), [.string(unit.description), .string("replace")],
                timeout: max(.milliseconds(1), min(Self.timeout, deadline - .now))
            ) { message throws(BusFailure) in try message.readObjectPath() }
        } catch {
            if kind == .stop, error.name == "org.freedesktop.systemd1.NoSuchUnit" { return }
            throw PortError(error, subject: unit.description)
        }
        while true {
            switch await end(of: job, by: deadline) {
            case .ended(let result):
                guard let failure = kind.failure(of: unit, result) else { return }
                throw result == .failed ? await explained(failure) : failure
            case .signalsLost:
                let now = try await listAgain(unit, by: deadline)
                if let verdict = kind.verdict(on: unit, now.status, hasJob: now.hasJob) { return try verdict.get() }
            case .deadlinePassed:
                let now = try await list(unit, timeout: .seconds(5))
                if let verdict = kind.verdict(on: unit, now.status, hasJob: now.hasJob) { return try verdict.get() }
                throw PortError(.timedOut, unit.description, cause: "it was still under way at the deadline")
            case .cancelled:
                throw PortError(.cancelled, subject: unit.description)
            }
        }
    }

    private func end(of job: String, by deadline: ContinuousClock.Instant) async -> JobEnd {
        if let result = results[job] { return .ended(result) }
        guard isSubscribed else { return .signalsLost }
        let id = makeID()
        let alarm = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            giveUp(id, .deadlinePassed)
        }
        defer { alarm.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { jobWaiters[id] = JobWaiter(job: job, continuation: $0) }
        } onCancel: {
            Task { await self.giveUp(id, .cancelled) }
        }
    }

    private func giveUp(_ id: Int, _ reason: JobEnd) {
        jobWaiters.removeValue(forKey: id)?.continuation.resume(returning: reason)
    }

    /// What a unit is once the bus is back.
    ///
    /// The subscription is renewed first: a job that is still listed then is one whose end will be seen.
    private func listAgain(_ unit: UnitName, by deadline: ContinuousClock.Instant) async throws(PortError) -> Listed {
        var pause = Duration.milliseconds(50)
        while true {
            do throws(PortError) {
                do throws(BusFailure) {
                    try await subscribe()
                } catch {
                    throw PortError(error, subject: unit.description)
                }
                return try await list(unit, timeout: .seconds(5))
            } catch {
                guard error.isTransient, ContinuousClock.now + pause < deadline, !Task.isCancelled else { throw error }
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    private func list(_ unit: UnitName, timeout: Duration) async throws(PortError) -> Listed {
        let listed = try await list([unit], timeout: timeout)
        return listed.first ?? Listed(name: unit.description, path: "/", status: .notFound, hasJob: false)
    }
}
