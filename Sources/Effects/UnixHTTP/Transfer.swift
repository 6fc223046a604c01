internal import CCurl
internal import Synchronization
internal import TussilagoCore

/// One request on its way, and what has come of its answer.
///
/// It lives on the thread of all transfers.
final class Transfer {
    let order: Order
    let easy: EasyHandle
    private(set) var deadline: ContinuousClock.Instant

    private var status = 0
    private var headers: [String: String] = [:]
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var verdict: Verdict?

    /// Why a transfer was ended from this side.
    private enum Verdict {
        case enough
        case failed(PortError)
    }

    /// The most bytes of header and trailer fields: far more than the peers send, and libcurl itself has no bound
    /// before 8.4.
    private static let headerLimit = 64 << 10

    init(_ order: Order, _ easy: EasyHandle) {
        self.order = order
        self.easy = easy
        deadline = .now + order.allowance.duration
    }

    /// Takes a line of the head or of the trailer, with its line end.
    func receive(headerLine line: some Collection<UInt8>) -> Bool {
        stayAlive()
        headerBytes += line.count
        guard headerBytes <= Self.headerLimit else { return end(.failed(order.overLimit("headers"))) }
        let text = String(decoding: line, as: UTF8.self).trimmed
        if text.hasPrefix("HTTP/") {
            // An interim answer (1xx) may have come before.
            headers = [:]
            status = easy.status
        } else if text.isEmpty {
            guard status >= 200, case .pass(let onHead, _) = order.receiver else { return true }
            if !onHead(status, headers) { return end(.enough) }
        } else if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].lowercased()
            let value = String(text[text.index(after: colon)...]).trimmed
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        return true
    }

    /// Takes a piece of the body.
    func receive(body piece: some Collection<UInt8>) -> Bool {
        stayAlive()
        switch order.receiver {
        case .keep(let limit):
            guard body.count + piece.count <= limit else { return end(.failed(order.overLimit("body"))) }
            body.append(contentsOf: piece)
            return true
        case .pass(_, let onChunk):
            return onChunk(Array(piece)) || end(.enough)
        }
    }

    /// What the caller gets when libcurl is done with the transfer.
    func outcome(_ code: CURLcode) -> Result<HTTPAnswer, PortError> {
        switch verdict {
        case .failed(let error): .failure(error)
        case .none where code != CURLE_OK: .failure(order.error(code, easy))
        case .enough, .none: .success(HTTPAnswer(status: status, headers: headers, body: body))
        }
    }

    private func end(_ verdict: Verdict) -> Bool {
        self.verdict = verdict
        return false
    }

    private func stayAlive() {
        if case .idle(let duration) = order.allowance { deadline = .now + duration }
    }
}

extension Transfer {
    /// What a caller asks for, and all that crosses to the thread.
    struct Order: Sendable {
        let socket: String
        let peer: String
        let request: HTTPRequest
        let allowance: Allowance
        let receiver: Receiver
        let cancellation: Cancellation
        /// Called once.
        let done: @Sendable (Result<HTTPAnswer, PortError>) -> Void
    }

    /// How long a transfer may take.
    enum Allowance: Sendable {
        case total(Duration)
        case idle(Duration)

        var duration: Duration {
            switch self {
            case .total(let duration), .idle(let duration): duration
            }
        }
    }

    /// What becomes of the answer as it arrives.
    enum Receiver: Sendable {
        case keep(limit: Int)
        case pass(onHead: @Sendable (Int, [String: String]) -> Bool, onChunk: @Sendable ([UInt8]) -> Bool)
    }

    /// Whether the caller has lost interest: a flag, since it may be raised before the thread has seen the order.
    final class Cancellation: Sendable {
        private let requested = Atomic(false)

        var isRequested: Bool { requested.load(ordering: .acquiring) }
        func request() { requested.store(true, ordering: .releasing) }
    }
}

extension String {
    fileprivate var trimmed: String {
        let blank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || (0x09...0x0D).contains($0) }
        let end = utf8.lastIndex { !blank($0) }.map { utf8.index(after: $0) } ?? utf8.startIndex
        return String(self[..<end].utf8.drop(while: blank)) ?? self
    }
}
