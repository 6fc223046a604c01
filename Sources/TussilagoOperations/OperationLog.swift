import FoundationEssentials
import Logging
import TussilagoCore

/// Tells what an operation does: to the ledger, to whoever watches, and to the journal.
actor OperationLog {
    private let outside: Outside
    private let hub: EventHub
    private let logger: Logger
    private let operation: UUID
    private var sequence: Int

    /// Each event with a number that this divides is synced, and with it all before.
    private static let syncedEach = 100

    /// A log for an operation.
    /// - Parameter last: of one that an earlier agent had, the number of the last event that is known, 0 if there is none.
    ///   Later ones may have been told and lost with the power, fewer than the gap that is left: no number stands for two
    ///   events.
    init(_ operation: TussilagoCore.Operation, after last: Int?, outside: Outside, hub: EventHub, logger: Logger) {
        self.operation = operation.id
        sequence = last.map { ($0 / Self.syncedEach + 1) * Self.syncedEach } ?? 0
        self.outside = outside
        self.hub = hub
        var logger = logger
        logger[metadataKey: "operation"] = "\(operation.id.lowercased)"
        logger[metadataKey: "request"] = "\(operation.requestID.lowercased)"
        if let tenant = operation.request.tenant { logger[metadataKey: "tenant"] = "\(tenant)" }
        if let app = operation.request.app { logger[metadataKey: "app"] = "\(app.app)" }
        self.logger = logger
    }

    /// Writes an event down, then shows it. It only tells: nothing rests on it, so it is not waited for until it is on the
    /// disk.
    func event(_ kind: OperationEvent.Kind, step: Int? = nil, of steps: Int? = nil, _ text: String)
        async throws(PortError)
    {
        let event = next(kind, step: step, of: steps, text)
        try await outside.ledger.record(
            [event], of: operation, synced: event.sequence.isMultiple(of: Self.syncedEach))
        await hub.send(event, of: operation)
    }

    /// Tells what was found.
    func finding(_ finding: Finding, repairs: Bool = true) async throws(PortError) {
        let action =
            switch finding.action {
            case .repair: repairs ? "repaired" : "left as it is: the settings say so"
            case .respect: "left as it is"
            case .report: "cannot be repaired"
            }
        try await event(.finding, "\(finding.subject): \(finding.what) (\(action))")
    }

    /// Writes an operation's new state down, together with the event that tells of it.
    /// - Parameter synced: false where the operation writes something else down, synced, before it does anything.
    func advance(
        _ operation: TussilagoCore.Operation, _ kind: OperationEvent.Kind, synced: Bool = true, _ text: String
    ) async throws(PortError) {
        let event = next(kind, text)
        try await outside.ledger.advance(operation, events: [event], synced: synced)
        await hub.send(event, of: operation.id)
    }

    func warn(_ message: String, _ error: PortError) {
        logger.warning("\(message)", metadata: ["error": "\(error)", "code": "\(error.code.rawValue)"])
    }

    private func next(
        _ kind: OperationEvent.Kind, step: Int? = nil, of steps: Int? = nil, _ text: String
    ) -> OperationEvent {
        sequence += 1
        let level: Logger.Level =
            switch kind {
            case .failed, .stepFailed: .error
            case .goingBack, .retrying: .warning
            case .accepted, .started, .succeeded, .cancelling, .cancelled, .finding: .notice
            case .stepStarted, .stepEnded: .debug
            }
        var metadata: Logger.Metadata = ["event": "\(kind.rawValue)"]
        if let step { metadata["step"] = "\(step)" }
        logger.log(level: level, "\(text)", metadata: metadata)
        return OperationEvent(sequence: sequence, at: outside.now(), kind: kind, step: step, steps: steps, text: text)
    }
}
