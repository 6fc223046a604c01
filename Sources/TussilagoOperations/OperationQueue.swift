public import FoundationEssentials
public import Logging
public import TussilagoCore

/// Takes operations in, and performs them: one at a time for an app, a few at a time in all, in the order in which they
/// came.
///
/// What was acknowledged is in the ledger. An agent that was killed finds it there when it starts again and goes on.
public actor OperationQueue {
    private let outside: Outside
    private let executor: Executor
    private let logger: Logger
    private let limit: Int
    private let backoff: Backoff
    private let deadline: Duration
    private let repairs: Bool
    private let onBusy: @Sendable (Bool) -> Void
    private var waiting: [TussilagoCore.Operation] = []
    private var running: [UUID: Running] = [:]
    private var claimed: Set<Scope> = []
    /// Of those that wait, the ones that an earlier agent had.
    private var resumed: Set<UUID> = []
    private var isClosed = false
    private var treesAreHeld = false

    /// An operation that is under way.
    private struct Running {
        let request: TussilagoCore.Operation.Request
        let halt: Halt
        let task: Task<Void, Never>
    }

    /// Where events are watched while they happen.
    public nonisolated let hub = EventHub()

    /// How long an operation may take to its commit point, unless something else is said.
    public static let defaultDeadline = Duration.seconds(30 * 60)

    /// A queue that performs at most `limit` operations at once.
    /// - Parameter deadline: how long an operation may take to its commit point, by the monotonic clock; after that it
    ///   goes back. One that an earlier agent began has all of it again.
    /// - Parameter repairs: whether a reconcile repairs what it finds, or only tells it.
    /// - Parameter onBusy: called with true when the first operation begins, with false when the last has ended.
    public init(
        _ outside: Outside, limit: Int, backoff: Backoff = Backoff(), deadline: Duration = defaultDeadline,
        repairs: Bool = true, logger: Logger,
        onBusy: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.outside = outside
        self.limit = max(1, limit)
        self.backoff = backoff
        self.deadline = deadline
        self.repairs = repairs
        self.logger = logger
        self.onBusy = onBusy
        executor = Executor(outside, routes: RouteBook(outside.routing))
    }

    /// Writes an operation down, and begins it as soon as its turn comes.
    /// - Parameter waiting: whether it may wait behind those that it must not be under way with.
    /// - Returns: the operation; the earlier one, if the same caller used `key` for the same request before.
    /// - Throws: what ``Ledger/accept(_:key:waiting:)`` throws.
    public func accept(
        _ request: TussilagoCore.Operation.Request, caller: String, requestID: UUID, key: String?,
        waiting: Bool = false
    ) async throws(PortError) -> TussilagoCore.Operation {
        guard !isClosed else { throw PortError(.unavailable, "agent", cause: "it is stopping; try again") }
        let operation = TussilagoCore.Operation(
            id: outside.makeID(), request: request, caller: caller, requestID: requestID, acceptedAt: outside.now())
        let accepted = try await outside.ledger.accept(operation, key: key, waiting: waiting)
        if accepted.id == operation.id {
            var metadata: Logger.Metadata = [
                "event": "\(OperationEvent.Kind.accepted.rawValue)", "operation": "\(operation.id.lowercased)",
                "request": "\(requestID.lowercased)", "caller": "\(caller)",
            ]
            if let tenant = request.tenant { metadata["tenant"] = "\(tenant)" }
            logger.notice("accepted \(request.kind.rawValue) \(request.subject)", metadata: metadata)
            enqueue(accepted)
        }
        return accepted
    }

    /// Takes up what an earlier agent left open.
    public func resume() async throws(PortError) {
        for operation in try await outside.ledger.openOperations() where running[operation.id] == nil {
            enqueue(operation, isResumed: true)
        }
    }

    /// Has an operation cancelled: at once if it waits, and before its next step, or in the midst of one that waits, if
    /// it is under way. One that has come to its commit point is finished all the same.
    /// - Throws: ``PortError/Code-swift.enum/notFound`` when there is no such operation.
    public func cancel(_ id: UUID) async throws(PortError) -> TussilagoCore.Operation {
        let operation = try await outside.ledger.requestCancel(id)
        guard !operation.state.isFinal else { return operation }
        // It may have begun meanwhile; then it is found under `running`.
        if running[id] == nil, let index = waiting.firstIndex(where: { $0.id == id }) {
            waiting[index].cancelRequested = true
        }
        running[id]?.halt.set(.cancelled)
        beginNext()
        return operation
    }

    /// Begins nothing more, and waits for what runs. What has not begun stays in the ledger for the next agent.
    public func drain() async {
        isClosed = true
        waiting = []
        for running in running.values { await running.task.value }
        await hub.close()
    }

    /// Has no collection begin until ``letTreesGo()``.
    func holdTrees() throws(PortError) {
        guard !treesAreHeld else { throw PortError(.unavailable, "backup", cause: "another one is being made") }
        guard !running.values.contains(where: { $0.request == .collect }) else {
            throw PortError(.unavailable, "backup", cause: "a collection is under way")
        }
        treesAreHeld = true
    }

    func letTreesGo() {
        treesAreHeld = false
        beginNext()
    }

    private func enqueue(_ operation: TussilagoCore.Operation, isResumed: Bool = false) {
        guard !isClosed, !waiting.contains(where: { $0.id == operation.id }) else { return }
        if waiting.isEmpty, running.isEmpty { onBusy(true) }
        waiting.append(operation)
        if isResumed { resumed.insert(operation.id) }
        beginNext()
    }

    private func beginNext() {
        while running.count < limit, !isClosed, let index = waiting.indices.first(where: mayBegin) {
            let operation = waiting.remove(at: index)
            let halt = Halt()
            if operation.cancelRequested { halt.set(.cancelled) }
            let isResumed = resumed.remove(operation.id) != nil
            let task = Task {
                await perform(operation, isResumed: isResumed, halt)
                ended(operation.id)
            }
            running[operation.id] = Running(request: operation.request, halt: halt, task: task)
        }
    }

    /// Whether nothing that runs, and nothing that waits before it, stands in an operation's way.
    private func mayBegin(_ index: Int) -> Bool {
        let request = waiting[index].request
        return !running.values.contains { $0.request.conflicts(with: request) }
            && !waiting[..<index].contains { $0.request.conflicts(with: request) }
            && !claimed.contains { request.concerns($0) } && !(treesAreHeld && request == .collect)
    }

    /// Takes those parts of the host that are free, for an operation that goes over all of it.
    private func takeFree(_ scopes: [Scope]) -> [Scope] {
        guard !isClosed else { return [] }
        let free = scopes.filter { scope in
            !running.values.contains { $0.request.concerns(scope) }
                && !waiting.contains { $0.request.concerns(scope) }
        }
        claimed.formUnion(free)
        return free
    }

    private func give(_ scopes: [Scope]) {
        claimed.subtract(scopes)
        beginNext()
    }

    private nonisolated var claims: Claims {
        Claims(takeFree: { await self.takeFree($0) }, give: { await self.give($0) })
    }

    private func ended(_ id: UUID) {
        running[id] = nil
        beginNext()
        if waiting.isEmpty, running.isEmpty { onBusy(false) }
    }

    /// Performs an operation with as many attempts as it takes and may have, and writes down how it came out.
    private nonisolated func perform(_ accepted: TussilagoCore.Operation, isResumed: Bool, _ halt: Halt) async {
        let alarm = Task { [deadline] in
            try await Task.sleep(for: deadline, clock: .continuous)
            halt.set(.deadline(deadline))
        }
        defer { alarm.cancel() }
        var operation = accepted
        let begun = isResumed ? (try? await lastEvent(of: operation.id)) ?? 0 : nil
        let log = OperationLog(operation, after: begun, outside: outside, hub: hub, logger: logger)
        let runner = OperationRunner(
            outside: outside, executor: executor, log: log, halt: halt, claims: claims, repairs: repairs)
        for attempt in 1... {
            do throws(PortError) {
                // One that has not begun has nothing to go back from.
                if operation.attempt == 0 { try halt.check() }
                operation.state = .running
                operation.attempt += 1
                // What makes a release writes that down, synced, before anything is done.
                let request = operation.request
                try await log.advance(
                    operation, .started, synced: !request.makesRelease, "\(request.kind.rawValue) \(request.subject)")
                operation.release = try await runner.perform(operation)
                operation.state = .succeeded
                operation.endedAt = outside.now()
                try await log.advance(operation, .succeeded, Self.success(operation))
                return
            } catch {
                if error.code == .noSpace, operation.request.makesRoom, await outside.ledger.makeRoom() { continue }
                let chance = Double.random(in: 0...1)
                if error.isTransient, halt.error == nil, let wait = backoff.wait(after: attempt, chance: chance) {
                    try? await log.event(
                        .retrying,
                        "\(error.subject): \(error.cause); trying again in \(Int(wait / .milliseconds(1))) ms")
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
        await giveUp(operation, error, log)
        operation.endedAt = outside.now()
        do throws(PortError) {
            if error.code == .cancelled {
                operation.state = .cancelled
                try await log.advance(operation, .cancelled, error.cause)
            } else {
                operation.failure = await FailureReport(outside: outside).failure(error, of: operation)
                operation.state = .failed
                await log.warn("operation failed", error)
                try await log.advance(operation, .failed, operation.failure?.message ?? error.cause)
            }
        } catch {
            // The ledger is away: the operation stays open there, and the next agent takes it up.
            await log.warn("the failure could not be written down", error)
        }
    }

    /// After the last attempt of a deploy: what is half done is finished if it serves, else it is taken back.
    private nonisolated func giveUp(_ operation: TussilagoCore.Operation, _ error: PortError, _ log: OperationLog) async
    {
        guard let app = operation.request.app, operation.request.makesRelease else { return }
        let runner = OperationRunner(
            outside: outside, executor: executor, log: log, halt: Halt(), claims: claims, repairs: repairs)
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
        case .setQuota(let name, _): "the quota of tenant \(name) is set"
        case .setEgress(let name, let egress): "apps of \(name) may reach: \(egress.rawValue)"
        case .setPolicy(let name, let loosening):
            "the policy of tenant \(name) is \(loosening == nil ? "strict" : "set")"
        case .addDomain(let name, let hostname, let vouched):
            vouched ? "\(hostname) is \(name)'s" : "\(hostname) waits for its record"
        case .verifyDomain(let name, let hostname): "\(hostname) is \(name)'s"
        case .removeDomain(let name, let hostname): "\(hostname) is not \(name)'s any more"
        case .createApp(let app): "app \(app) is there"
        case .deleteApp(let app, let purge): "app \(app) is gone\(purge == true ? ", with all that it had" : "")"
        case .setSecret(let app, let name, _):
            "secret \(name) is set; the next deploy takes it, or: tussilago secret rotate \(app)"
        case .unsetSecret(_, let name): "secret \(name) is not set any more"
        case .deploy(let app, _), .scale(let app, _), .rollback(let app, _), .rotateSecrets(let app),
            .rotateServices(let app):
            "\(app) runs release \(operation.release.map(\.description) ?? "?")"
        case .start(let app), .restart(let app): "\(app) runs"
        case .stop(let app): "\(app) is stopped"
        case .reconcile: "the host is as it shall be"
        case .collect: "nothing is left over"
        case .restore: "the host is what the backup says"
        }
    }
}
