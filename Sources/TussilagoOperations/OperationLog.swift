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

    init(_ operation: TussilagoCore.Operation, after sequence: Int, outside: Outside, hub: EventHub, logger: Logger) {
        self.operation = operation.id
        self.sequence = sequence
        self.outside = outside
        self.hub = hub
        var logger = logger
        logger[metadataKey: "operation"] = "\(operation.id.lowercased)"
        logger[metadataKey: "request"] = "\(operation.requestID.lowercased)"
        if let tenant = operation.request.tenant { logger[metadataKey: "tenant"] = "\(tenant)" }
        if let app = operation.request.app { logger[metadataKey: "app"] = "\(app.app)" }
        self.logger = logger
    }

    /// Writes an event down, then shows it.
    func event(_ kind: OperationEvent.Kind, step: Int? = nil, of steps: Int? = nil, _ text: String)
        async throws(PortError)
    {
        let event = next(kind, step: step, of: steps, text)
        try await outside.ledger.record([event], of: operation)
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
    func advance(_ operation: TussilagoCore.Operation, _ kind: OperationEvent.Kind, _ text: String)
        async throws(PortError)
    {
        let event = next(kind, text)
        try await outside.ledger.advance(operation, events: [event])
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
