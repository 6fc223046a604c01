internal import TussilagoCore

extension Systemd {
    /// A failed start with systemd's own reason for it in place of "it failed".
    ///
    /// The reason is gone as soon as the unit is started again, as `Restart=` does after a moment: so it is asked for at
    /// once, and an error of that call changes nothing.
    func explained(_ failure: PortError) async -> PortError {
        guard failure.code == .startFailed, let unit = UnitName(failure.subject), unit.type == .service,
            let path = try? await list([unit], timeout: .seconds(5)).first?.path,
            let end = try? await end(of: path), let cause = end.cause
        else { return failure }
        return PortError(failure.code, failure.subject, cause: cause, detail: "Result=\(end.result)")
    }

    private func end(of path: String) async throws(BusFailure) -> ServiceEnd {
        ServiceEnd(
            result: try await property("Result", of: path) { message throws(BusFailure) in
                try message.readStringProperty()
            },
            code: try await property("ExecMainCode", of: path) { message throws(BusFailure) in
                try message.readInt32Property()
            },
            status: try await property("ExecMainStatus", of: path) { message throws(BusFailure) in
                try message.readInt32Property()
            })
    }

    private func property<Value: Sendable>(
        _ name: String, of path: String, decode: @escaping @Sendable (borrowing BusMessage) throws(BusFailure) -> Value
    ) async throws(BusFailure) -> Value {
        let names = ["org.freedesktop.systemd1.Service", name].map(BusMessage.Argument.string)
        return try await call(Self.propertyOf(path), names, timeout: .seconds(5), decode: decode)
    }
}

/// How a service ended, by its properties `Result`, `ExecMainCode` and `ExecMainStatus` (org.freedesktop.systemd1(5)).
struct ServiceEnd: Hashable {
    let result: String
    /// As in `si_code` of sigaction(2), for SIGCHLD; 0 when the main process has not ended.
    let code: Int32
    /// The exit code or the signal.
    let status: Int32

    private static let exited: Int32 = 1
    private static let killed: Int32 = 2
    private static let dumped: Int32 = 3

    /// Why it does not run, in words that fit behind its name; nil when nothing went wrong.
    var cause: String? {
        switch (result, code) {
        case ("success", _): nil
        case ("exit-code", Self.exited): "it exited with code \(status)"
        case ("exit-code", _): "a command of its unit failed"
        case ("signal", Self.killed), ("core-dump", Self.dumped): "signal \(status) ended it"
        case ("timeout", _): "it took longer than its unit allows"
        case ("oom-kill", _): "it needed more memory than it may have, and was killed"
        case ("start-limit-hit", _): "it was started too often in a short time, and systemd gave it up"
        case ("resources", _): "systemd lacked what it takes to start it"
        default: "systemd's result is \"\(result)\""
        }
    }
}
