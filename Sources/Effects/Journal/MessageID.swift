public import TussilagoCore

/// The kinds of log lines that the message catalog explains (`journalctl -x`, `journalctl MESSAGE_ID=…`).
///
/// The numbers are random and never change; `units/catalog/tussilago.catalog` has a text for each.
public enum MessageID: String, Sendable, CaseIterable {
    case operationAccepted = "5818e3babcc74d74aea66b18807cd5f8"
    case operationSucceeded = "ede80b48b7564576a2b953a9a694d08a"
    case operationFailed = "dd53fa71784a4554b8cdca1abe6294ba"
    case stepFailed = "f787a49eb92d492e8a962cd1c26796a0"
    /// An operation failed before its commit point, and the steps that follow lead back.
    case goingBack = "14cfad86a41144119221f293a57537f1"
    case operationCancelled = "e3689e997be4441883779e990c4702d6"
    /// A look at the host has found something that is not as it shall be.
    case finding = "6b72a6310df54d4eb8d4871486ad3966"
    /// The ledger was lost or damaged, and was written anew from the units.
    case ledgerRecovered = "d9d763d3372d40aaa7f38c223d93c799"
    /// A record of the audit: somebody asked for something, and so it came out.
    case audit = "a15166add4e94b5d952d1df7021f782e"
    case agentStarted = "0a02427de8104ebd9ddf489af76ac34c"
    /// The agent had nothing to do and left; its socket starts it again.
    case agentIdleExit = "4386c5e526e84b3486af9f6f78009955"
    /// A request failed for a reason that its caller is not shown.
    case requestFailedInside = "4f27c04ae6a3413bb2791314c192c84b"

    /// The id of the lines that tell of an operation's event; nil where the catalog has nothing to add.
    public init?(event: OperationEvent.Kind) {
        switch event {
        case .accepted: self = .operationAccepted
        case .succeeded: self = .operationSucceeded
        case .failed: self = .operationFailed
        case .stepFailed: self = .stepFailed
        case .goingBack: self = .goingBack
        case .cancelled: self = .operationCancelled
        case .finding: self = .finding
        case .started, .stepStarted, .stepEnded, .retrying, .cancelling: return nil
        }
    }
}
