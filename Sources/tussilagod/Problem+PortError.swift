import FoundationEssentials
import TussilagoAPI
import TussilagoCore

extension Problem {
    /// What a caller may know of an error of an outside world. Its detail stays in the journal.
    init(_ error: PortError) {
        let text = "\(error.subject): \(error.cause)"
        switch error.code {
        case .notFound: self.init(.notFound, text)
        case .conflict: self.init(.conflict, text)
        case .quotaExceeded:
            self.init(
                .quotaExceeded, error.cause, field: error.subject,
                remedy: "see what there is: tussilago quota list; delete some, or have an admin of the host raise it")
        case .refused where error.subject == "cursor": self.init(.unknownCursor, error.cause, field: "cursor")
        case .refused where error.subject == "egress":
            self.init(
                .forbidden, error.cause, field: "egress",
                remedy: "an admin grants it with: tussilago tenant set TENANT --egress list|internet")
        case .refused where error.subject == "sandbox":
            self.init(
                .forbidden, error.cause, field: "sandbox",
                remedy: "ask for less in [sandbox], or have an admin of the host allow it: tussilago tenant policy")
        case .refused: self.init(.invalidRequest, text)
        case .noKey: self.init(.noKey, text, remedy: "systemd-creds setup")
        case .noSpace: self.init(.noSpace, text, remedy: "make room on the disk, then try again")
        case .unavailable, .timedOut, .startFailed, .buildFailed, .cancelled, .expired:
            self.init(.unavailable, text, remedy: "tussilago status")
        // The agent ends, and the next one writes it anew.
        case .damaged where error.subject == "ledger":
            self.init(.unavailable, "\(text); it is written anew from the units", remedy: "try again in a moment")
        case .damaged, .unexpected: self.init(.inner, text)
        }
    }

    /// Why an operation was not accepted.
    init(accepting error: PortError) {
        guard error.code == .conflict else {
            self.init(error)
            if error.code == .notFound { field = error.subject }
            return
        }
        if error.subject == "Idempotency-Key" {
            self.init(
                .keyReused, "the key was used for another request", field: "Idempotency-Key", remedy: "use a fresh key")
        } else if let running = UUID(uuidString: error.subject) {
            self.init(
                .busy, "another operation about the same is under way",
                remedy: "tussilago op watch \(running.lowercased)",
                operation: running)
        } else {
            self.init(.conflict, error.cause, field: error.subject)
        }
    }
}
