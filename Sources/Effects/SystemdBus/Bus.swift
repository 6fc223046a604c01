internal import CSystemd
internal import Glibc

/// A client of D-Bus on a thread of its own. It connects when it is first needed, and again after a loss.
actor Bus {
    /// What a call goes to.
    struct Method: Sendable {
        let destination: String
        let path: String
        let interface: String
        let member: String
    }

    private typealias Answer = (borrowing BusMessage) -> Void
    private struct Pending {
        let answered: Answer
        let failed: (BusFailure) -> Void
    }

    /// How many calls wait for an answer at most; more wait for their turn.
    ///
    /// dbus-daemon refuses more than 128 (`max_replies_per_connection`, dbus-daemon(1)).
    private static let callLimit = 64

    private let thread: BusThread
    private let address: String?
    private let loginLimit: Duration
    private var connection: BusConnection?
    /// The calls without an answer, by their message's number on this connection.
    private var pending: [UInt64: Pending] = [:]
    private var callsUnderWay = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Makes a client; nothing is opened yet but its thread.
    init(address: String?, loginLimit: Duration = .seconds(5)) throws(BusFailure) {
        self.address = address
        self.loginLimit = loginLimit
        thread = try BusThread.start()
        thread.serve(self)
    }

    deinit { thread.stop() }

    /// Calls a method and reads its answer with `decode`, on the bus's thread, before any later message is seen.
    func call<Value: Sendable>(
        _ method: Method, _ arguments: [BusMessage.Argument], timeout: Duration,
        decode: @escaping @Sendable (borrowing BusMessage) throws(BusFailure) -> Value
    ) async throws(BusFailure) -> Value {
        await takeTurn()
        defer { passTurn() }
        guard !Task.isCancelled else { throw .cancelled }
        let number = try send(method, arguments, timeout: timeout)
        let result: Result<Value, BusFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pending[number] = Pending(
                    answered: { message in
                        do throws(BusFailure) {
                            continuation.resume(returning: .success(try decode(message)))
                        } catch {
                            continuation.resume(returning: .failure(error))
                        }
                    },
                    failed: { continuation.resume(returning: .failure($0)) })
            }
        } onCancel: {
            Task { await self.cancel(number) }
        }
        return try result.get()
    }

    /// Has signals that match a rule handed over, on the bus's thread, until the connection is lost.
    func match(
        _ rule: String, onSignal: @escaping @Sendable (borrowing BusMessage) -> Void,
        onLoss: @escaping @Sendable () -> Void
    ) throws(BusFailure) {
        try connected().match(rule, BusConnection.Match(onSignal: onSignal, onLoss: onLoss))
    }

    /// Closes the connection: calls without an answer fail, and matches are lost.
    func disconnect() {
        guard let lost = connection else { return }
        connection = nil
        let unanswered = pending
        pending = [:]
        for call in unanswered.values { call.failed(.disconnected) }
        for match in lost.matches { match.onLoss() }
    }

    /// Lets libsystemd do one thing; called by the thread when there is no job.
    func turn() -> BusThread.Wait {
        guard let connection else { return .forJobs }
        let result = sd_bus_process(connection.pointer, nil)
        if result == 0, !connection.isOverdue {
            var until = UInt64.max
            sd_bus_get_timeout(connection.pointer, &until)
            if !connection.isReady { until = min(until, connection.loginDeadline) }
            let events = sd_bus_get_events(connection.pointer)
            let descriptor = sd_bus_get_fd(connection.pointer)
            if descriptor >= 0, events >= 0 {
                return .forDescriptor(descriptor, events: Int16(truncatingIfNeeded: events), until: until)
            }
        }
        if result <= 0 { disconnect() }
        return .no
    }

    private func takeTurn() async {
        guard callsUnderWay == Self.callLimit else {
            callsUnderWay += 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func passTurn() {
        if waiting.isEmpty {
            callsUnderWay -= 1
        } else {
            waiting.removeFirst().resume()
        }
    }

    private func connected() throws(BusFailure) -> BusConnection {
        if let connection, connection.isOpen { return connection }
        disconnect()
        let opened = try BusConnection(address: address, loginLimit: loginLimit)
        connection = opened
        return opened
    }

    private func send(
        _ method: Method, _ arguments: [BusMessage.Argument], timeout: Duration
    ) throws(BusFailure) -> UInt64 {
        let connection = try connected()
        var made: OpaquePointer?
        try BusMessage.check(
            sd_bus_message_new_method_call(
                connection.pointer, &made, method.destination, method.path, method.interface, method.member))
        guard let made else { throw .system(ENOMEM) }
        let message = BusMessage(owned: made)
        for argument in arguments { try message.append(argument) }
        // The slot floats: it lives until the answer, which libsystemd makes up itself when none comes.
        let result = sd_bus_call_async(
            connection.pointer, nil, message.pointer,
            { answer, bus, _ in
                guard let answer, let bus else { return 0 }
                nonisolated(unsafe) let lent = answer
                Unmanaged<Bus>.fromOpaque(bus).takeUnretainedValue().assumeIsolated { $0.answered(by: lent) }
                return 0
            }, Unmanaged.passUnretained(self).toOpaque(), timeout.microseconds)
        try BusMessage.check(result)
        var number: UInt64 = 0
        try BusMessage.check(sd_bus_message_get_cookie(message.pointer, &number))
        return number
    }

    private func answered(by pointer: OpaquePointer) {
        let message = BusMessage(lent: pointer)
        var number: UInt64 = 0
        guard sd_bus_message_get_reply_cookie(pointer, &number) >= 0, let call = pending.removeValue(forKey: number)
        else {
            return
        }
        if let failure = message.failure(isConnected: connection?.isOpen ?? false) {
            call.failed(failure)
        } else {
            call.answered(message)
        }
    }

    private func cancel(_ number: UInt64) {
        pending.removeValue(forKey: number)?.failed(.cancelled)
    }
}

extension Duration {
    /// At least one: to libsystemd, zero is its default of 25 seconds.
    var microseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(1, seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
    }
}

/// The time of CLOCK_MONOTONIC in microseconds, which is what libsystemd counts in.
func monotonicMicroseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
}
