public import FoundationEssentials
public import Logging
public import TussilagoCore

/// Takes operations in, and performs them: one at a time for an app, a few at a time in all.
///
/// What was acknowledged is in the ledger. An agent that was killed finds it there when it starts again and goes on.
public actor OperationQueue {
    private let outside: Outside
    private let executor: Executor
    private let logger: Logger
    private let limit: Int
    private let backoff: Backoff
    private let onBusy: @Sendable (Bool) -> Void
    private var waiting: [TussilagoCore.Operation] = []
    private var running: [UUID: Task<Void, Never>] = [:]
    private var isClosed = false

    /// Where events are watched while they happen.
    public nonisolated let hub = EventHub()

    /// A queue that performs at most `limit` operations at once.
    /// - Parameter onBusy: called with true when the first operation begins, with false when the last has ended.
    public init(
        _ outside: Outside, limit: Int, backoff: Backoff = Backoff(), logger: Logger,
        onBusy: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.outside = outside
        self.limit = max(1, limit)
        self.backoff = backoff
        self.logger = logger
        self.onBusy = onBusy
        executor = Executor(outside, routes: RouteBook(outside.routing))
    }

    /// Writes an operation down, and begins it as soon as its turn comes.
    /// - Returns: the operation; the earlier one, if the same caller used `key` for the same request before.
    /// - Throws: what ``Ledger/accept(_:key:)`` throws.
    public func accept(
        _ request: TussilagoCore.Operation.Request, caller: String, requestID: UUID, key: String?
    ) async throws(PortError) -> TussilagoCore.Operation {
        guard !isClosed else { throw PortError(.unavailable, "agent", cause: "it is stopping; try again") }
        let operation = TussilagoCore.Operation(
            id: outside.makeID(), request: request, caller: caller, requestID: requestID, acceptedAt: outside.now())
        let accepted = try await outside.ledger.accept(operation, key: key)
        if accepted.id == operation.id {
            logger.notice(
                "accepted \(request.kind.rawValue) \(request.subject)",
                metadata: [
                    "event": "\(OperationEvent.Kind.accepted.rawValue)", "operation": "\(operation.id.lowercased)",
                    "request": "\(requestID.lowercased)", "tenant": "\(request.tenant)", "caller": "\(caller)",
                ])
            enqueue(accepted)
        }
        return accepted
    }

    /// Takes up what an earlier agent left open.
    public func resume() async throws(PortError) {
        for operation in try await outside.ledger.openOperations() where running[operation.id] == nil {
            enqueue(operation)
        }
    }

    /// Begins nothing more, and waits for what runs. What has not begun stays in the ledger for the next agent.
    public func drain() async {
        isClosed = true
        waiting = []
        for task in running.values { await task.value }
        await hub.close()
    }

    private func enqueue(_ operation: TussilagoCore.Operation) {
        guard !isClosed, !waiting.contains(where: { $0.id == operation.id }) else { return }
        if waiting.isEmpty, running.isEmpty { onBusy(true) }
        waiting.append(operation)
        beginNext()
    }

    private func beginNext() {
        while running.count < limit, !waiting.isEmpty {
            let operation = waiting.removeFirst()
            running[operation.id] = Task {
                await perform(operation)
                ended(operation.id)
            }
        }
    }

    private func ended(_ id: UUID) {
        running[id] = nil
        beginNext()
        if waiting.isEmpty, running.isEmpty { onBusy(false) }
    }

    /// Performs an operation with as many attempts as it takes and may have, and writes down how it came out.
    private nonisolated func perform(_ accepted: TussilagoCore.Operation) async {
        var operation = accepted
        let begun = (try? await lastEvent(of: operation.id)) ?? 0
        let log = OperationLog(operation, after: begun, outside: outside, hub: hub, logger: logger)
        let runner = OperationRunner(outside: outside, executor: executor, log: log)
        for attempt in 1... {
            do throws(PortError) {
                operation.state = .running
                operation.attempt += 1
                try await log.advance(
                    operation, .started, "\(operation.request.kind.rawValue) \(operation.request.subject)")
                operation.release = try await runner.perform(operation)
                operation.state = .succeeded
                operation.endedAt = outside.now()
                try await log.advance(operation, .succeeded, Self.success(operation))
                return
            } catch {
                let chance = Double.random(in: 0...1)
                if error.isTransient, let wait = backoff.wait(after: attempt, chance: chance) {
                    try? await log.event(.retrying, "\(error.subject): \(error.cause); trying again in \(wait)")
                    guard (try? await outside.sleep(wait)) != nil else { return }
                    continue
                }
                await fail(operation, error, log)
                return
            }
        }
    }

    private nonisolated func fail(_ failed: TussilagoCore.Operation, _ error: PortError, _ log: OperationLog) async {
        var operation = failed
        if error.isTransient { await giveUp(operation, error, log) }
        operation.failure = await FailureReport(outside: outside).failure(error, of: operation)
        operation.state = .failed
        operation.endedAt = outside.now()
        await log.warn("operation failed", error)
        do throws(PortError) {
            try await log.advance(operation, .failed, operation.failure?.message ?? error.cause)
        } catch {
            // The ledger is away: the operation stays open there, and the next agent takes it up.
            await log.warn("the failure could not be written down", error)
        }
    }

    /// After the last attempt of a deploy: if the old release still serves, what is half done is taken back.
    private nonisolated func giveUp(_ operation: TussilagoCore.Operation, _ error: PortError, _ log: OperationLog) async
    {
        guard case .deploy(let app, _) = operation.request else { return }
        let runner = OperationRunner(outside: outside, executor: executor, log: log)
        do throws(PortError) { try await runner.abandon(app, operation, after: error) } catch {
            await log.warn("going back failed; a later reconcile finishes it", error)
        }
    }

    private nonisolated func lastEvent(of operation: UUID) async throws(PortError) -> Int {
        var last = 0
        while true {
            let events = try await outside.ledger.events(of: operation, after: last)
            guard let end = events.last?.sequence else { return last }
            last = end
        }
    }

    private static func success(_ operation: TussilagoCore.Operation) -> String {
        switch operation.request {
        case .createTenant(let name): "tenant \(name) is there"
        case .deleteTenant(let name): "tenant \(name) is gone"
        case .createApp(let app): "app \(app) is there"
        case .deleteApp(let app): "app \(app) is gone"
        case .deploy(let app, _): "\(app) runs release \(operation.release.map(\.description) ?? "?")"
        case .start(let app), .restart(let app): "\(app) runs"
        case .stop(let app): "\(app) is stopped"
        }
    }
}
