import Glibc
import HummingbirdCore
import Logging
import NIOCore
import TussilagoAPI

/// One accepted connection, with who is at its other end.
struct Connection: Sendable {
    private let http: HTTP1Channel
    private let channel: HTTP1Channel.Value

    /// Sets a connection up in the turn of the event loop that accepted it: the kernel is asked once who it is.
    static func make(
        _ channel: any Channel, table: NIOLoopBound<ConnectionTable>, limits: APILimits,
        handler: RequestHandler, logger: Logger
    ) -> EventLoopFuture<Connection> {
        let socket = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            $0
        }
        // NIO accepts without SOCK_CLOEXEC, and the agent starts other programs.
        if let socket { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
        let peer = socket.flatMap { Peer(socket: $0) }
        var refusal: Problem?
        if peer == nil {
            refusal = .forbidden
        } else if let peer, !table.value.admit(channel, of: peer.user) {
            refusal = Problem(.tooManyRequests, "you have \(limits.connectionsPerUser) connections open already")
        }
        return make(
            channel, peer, refusal, limits: limits, handler: handler, logger: logger)
    }

    private static func make(
        _ channel: any Channel, _ peer: Peer?, _ refusal: Problem?, limits: APILimits,
        handler: RequestHandler, logger: Logger
    ) -> EventLoopFuture<Connection> {
        let peer = peer ?? Peer(user: .max, groups: [])
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                try await handler.answer(request, from: peer, channel, writer)
            },
            configuration: .init(
                additionalChannelHandlers: [ConnectionHandler(limits: limits, refusal: refusal)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.head, maxHeaderListSize: limits.head, maxHeaderFieldCount: limits.fields)
            ))
        do { try channel.pipeline.syncOperations.addHandler(ByteWatch()) } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return http.setup(channel: channel, logger: logger).map { Connection(http: http, channel: $0) }
    }

    /// Answers its requests until it closes.
    func serve(logger: Logger) async { await http.handle(value: channel, logger: logger) }
}
