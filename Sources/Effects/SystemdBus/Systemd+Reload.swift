public import TussilagoCore

extension Systemd {
    /// Has systemd read all unit files again; see ``ReloadQueue`` for who shares a reload.
    ///
    /// It returns when its reload has ended, cancelled or not: what was begun cannot be called off, and the wait is
    /// bounded by two reloads' time.
    public func reload() async throws(PortError) {
        let result = await withCheckedContinuation { caller in
            if reloads.join(caller) { Task { await self.reloadWhileWanted() } }
        }
        try result.get()
    }

    private func reloadWhileWanted() async {
        while true {
            let result = await reloadOnce()
            let (served, beginsNext) = reloads.end()
            for caller in served { caller.resume(returning: result) }
            guard beginsNext else { return }
        }
    }

    private func reloadOnce() async -> Result<Void, PortError> {
        do throws(BusFailure) {
            try await call(Self.method("Reload"), timeout: Self.reloadTimeout) { _ in }
            return .success(())
        } catch { return .failure(PortError(error, subject: "systemd")) }
    }
}
