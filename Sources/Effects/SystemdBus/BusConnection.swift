internal import CSystemd

/// An open connection to a bus, with the matches that live as long as it; it is closed when it is let go of.
final class BusConnection {
    /// What a match does; libsystemd keeps its address, so the connection keeps it alive.
    final class Match {
        let onSignal: (borrowing BusMessage) -> Void
        let onLoss: () -> Void

        init(onSignal: @escaping (borrowing BusMessage) -> Void, onLoss: @escaping () -> Void) {
            self.onSignal = onSignal
            self.onLoss = onLoss
        }
    }

    let pointer: OpaquePointer
    /// By when the bus must have let the connection in, in microseconds of CLOCK_MONOTONIC.
    let loginDeadline: UInt64
    private(set) var matches: [Match] = []

    /// Opens a connection to an address, as in the D-Bus specification; nil is the system bus.
    ///
    /// Logging in to the bus goes on in the background, and what is sent meanwhile is queued.
    init(address: String?, loginLimit: Duration) throws(BusFailure) {
        loginDeadline = monotonicMicroseconds() + loginLimit.microseconds
        var opened: OpaquePointer?
        if let address {
            try BusMessage.check(sd_bus_new(&opened))
            guard let opened else { throw .disconnected }
            pointer = opened
            try BusMessage.check(sd_bus_set_address(opened, address))
            try BusMessage.check(sd_bus_set_bus_client(opened, 1))
            try BusMessage.check(sd_bus_start(opened))
        } else {
            try BusMessage.check(sd_bus_open_system(&opened))
            guard let opened else { throw .disconnected }
            pointer = opened
        }
        // The agent decides itself what a lost connection means.
        sd_bus_set_exit_on_disconnect(pointer, 0)
    }

    deinit { sd_bus_close_unref(pointer) }

    /// Whether calls can be sent, which ends as soon as the connection has begun to close.
    var isOpen: Bool { sd_bus_is_open(pointer) > 0 }

    /// Whether the bus has let the connection in.
    var isReady: Bool { sd_bus_is_ready(pointer) > 0 }

    /// Whether the bus has let the time for logging in pass; libsystemd counts no call's time before that.
    var isOverdue: Bool { !isReady && monotonicMicroseconds() >= loginDeadline }

    /// Has the bus send signals that match a rule (D-Bus specification, "Match Rules").
    ///
    /// Messages keep their order: whatever is sent after this call, its signals are seen.
    func match(_ rule: String, _ match: Match) throws(BusFailure) {
        let result = sd_bus_add_match_async(
            pointer, nil, rule,
            { message, match, _ in
                guard let message, let match else { return 0 }
                Unmanaged<Match>.fromOpaque(match).takeUnretainedValue().onSignal(BusMessage(lent: message))
                return 0
            }, nil, Unmanaged.passUnretained(match).toOpaque())
        try BusMessage.check(result)
        matches.append(match)
    }
}
