internal import TussilagoCore

extension Systemd {
    /// Has systemd send its signals, once for each connection: JobRemoved of every later job will be seen.
    func subscribe() async throws(BusFailure) {
        guard !isSubscribed else { return }
        try match("type='signal',sender='\(Self.destination)',interface='\(Self.interface)',member='JobRemoved'") {
            try? $0.jobRemoved($1)
        }
        // Whoever comes now may call at once: the bus keeps the order, and these two are ahead.
        isSubscribed = true
        do throws(BusFailure) {
            try await call(Self.method("Subscribe"), timeout: Self.timeout) { _ in }
        } catch {
            guard error.name == "org.freedesktop.systemd1.AlreadySubscribed" else {
                await bus.disconnect()
                throw error
            }
        }
        // The connection may have been lost meanwhile, and the match with it.
        guard isSubscribed else { throw .disconnected }
    }

    /// Adds a match whose signals are handled on this actor; a loss of the connection ends all that rests on any.
    func match(
        _ rule: String, _ handle: @escaping @Sendable (isolated Systemd, borrowing BusMessage) -> Void
    ) throws(BusFailure) {
        // The bus's actor has the same executor, so it can be entered without a wait.
        let result = bus.assumeIsolated { bus in
            Result { () throws(BusFailure) in
                try bus.match(
                    rule,
                    onSignal: { [weak self] message in
                        let pointer = message.pointer
                        nonisolated(unsafe) let lent = pointer
                        self?.assumeIsolated { handle($0, BusMessage(lent: lent)) }
                    },
                    onLoss: { [weak self] in self?.assumeIsolated { $0.signalsLost() } })
            }
        }
        try result.get()
    }

    private func signalsLost() {
        isSubscribed = false
        isWatching = false
        results.removeAll()
        let waiters = jobWaiters.values
        jobWaiters = [:]
        for waiter in waiters { waiter.continuation.resume(returning: .signalsLost) }
        let streams = watchers.values
        watchers = [:]
        for stream in streams { stream.finish() }
    }

    /// The signal's arguments are the job's number and path, its unit, and its result.
    private func jobRemoved(_ signal: borrowing BusMessage) throws(BusFailure) {
        _ = try signal.readUInt32()
        let job = try signal.readObjectPath()
        let unit = try signal.readString()
        let result = JobResult(try signal.readString())
        // systemd sends the signal for every unit of the host.
        guard UnitName(unit) != nil else { return }
        results.keep(result, of: job)
        for (id, waiter) in jobWaiters where waiter.job == job {
            jobWaiters[id] = nil
            waiter.continuation.resume(returning: .ended(result))
        }
    }
}
