public import FoundationEssentials
public import TussilagoCore

/// Brings events to those who watch while they happen. What was before is in the ledger.
public actor EventHub {
    private var watchers: [UUID: [Int: AsyncStream<OperationEvent>.Continuation]] = [:]
    private var next = 0

    /// How many events wait for a slow reader; an operation never has more.
    private static let buffer = 1_000

    /// A hub that nobody watches.
    public init() {}

    /// Events of an operation from now on. The stream ends with the operation, or when its reader does.
    public func watch(_ operation: UUID) -> AsyncStream<OperationEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: OperationEvent.self, bufferingPolicy: .bufferingNewest(Self.buffer))
        next += 1
        let id = next
        watchers[operation, default: [:]][id] = continuation
        continuation.onTermination = { _ in Task { await self.leave(operation, id) } }
        return stream
    }

    func send(_ event: OperationEvent, of operation: UUID) {
        guard let continuations = watchers[operation] else { return }
        for continuation in continuations.values { continuation.yield(event) }
        guard event.kind.isLast else { return }
        for continuation in continuations.values { continuation.finish() }
        watchers[operation] = nil
    }

    /// Ends every stream: the agent stops, and readers shall come back to the next one.
    public func close() {
        for continuation in watchers.values.flatMap(\.values) { continuation.finish() }
        watchers = [:]
    }

    private func leave(_ operation: UUID, _ id: Int) {
        watchers[operation]?[id] = nil
        if watchers[operation]?.isEmpty == true { watchers[operation] = nil }
    }
}
