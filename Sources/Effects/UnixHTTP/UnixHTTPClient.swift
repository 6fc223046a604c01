internal import CCurl
public import TussilagoCore

/// A client for HTTP/1.1 over a Unix socket, for a few small calls.
///
/// Every call has a connection of its own, so that none fails because a kept one went stale; on a Unix socket that
/// costs some microseconds. Cancelling the task ends the call at once, as ``PortError/Code-swift.enum/unavailable``.
public final class UnixHTTPClient: Sendable {
    private let socket: String
    private let peer: String

    /// A client of the server that listens on a socket; nothing is opened yet.
    /// - Parameters:
    ///   - socket: The path of the socket.
    ///   - peer: What errors call the server; without it, the last part of the path.
    public init(socket: String, peer: String? = nil) {
        self.socket = socket
        self.peer = peer ?? socket.split(separator: "/").last.map(String.init) ?? socket
    }

    /// Loads the HTTP client's libraries beside whatever else is done, which takes some milliseconds. The first request
    /// would load them as well.
    /// - Returns: What must have ended before the program does: libraries that are loaded while it exits bring it down.
    public static func prepare() -> Task<Void, Never> { Task.detached { _ = tsl_curl_load() } }

    /// Sends a request and takes the whole answer, whatever its status.
    /// - Throws: ``PortError/Code-swift.enum/unavailable`` when nobody listens or the connection breaks,
    ///   ``PortError/Code-swift.enum/refused`` when this process may not use the socket,
    ///   ``PortError/Code-swift.enum/timedOut``, and ``PortError/Code-swift.enum/unexpected`` when the answer is over
    ///   its limit or no HTTP.
    public func send(_ request: HTTPRequest) async throws(PortError) -> HTTPAnswer {
        try await transfer(request, allowance: .total(request.timeout), receiver: .keep(limit: request.bodyLimit))
    }

    /// Sends a request and passes the answer on as it arrives.
    ///
    /// Both closures are called one at a time, on the thread of all transfers: they must not block.
    /// - Parameters:
    ///   - request: The request; its time-out and its limit do not count.
    ///   - idle: How long the server may be silent.
    ///   - onHead: Gets the status and the header fields before the body; returning false ends the transfer.
    ///   - onChunk: Gets the body in pieces; returning false ends the transfer.
    /// - Returns: The status, when the answer has ended or the reader has had enough.
    /// - Throws: As ``send(_:)`` does, but no limit is on the body. That the server ends the body early is an error.
    public func stream(
        _ request: HTTPRequest, idle: Duration,
        onHead: @escaping @Sendable (_ status: Int, _ headers: [String: String]) -> Bool = { _, _ in true },
        onChunk: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(PortError) -> Int {
        try await transfer(request, allowance: .idle(idle), receiver: .pass(onHead: onHead, onChunk: onChunk)).status
    }

    private func transfer(
        _ request: HTTPRequest, allowance: Transfer.Allowance, receiver: Transfer.Receiver
    ) async throws(PortError) -> HTTPAnswer {
        let thread = try TransferThread.shared.get()
        let cancellation = Transfer.Cancellation()
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                thread.start(
                    Transfer.Order(
                        socket: socket, peer: peer, request: request, allowance: allowance, receiver: receiver,
                        cancellation: cancellation, done: { continuation.resume(returning: $0) }))
            }
        } onCancel: {
            cancellation.request()
            thread.wake()
        }.get()
    }
}
