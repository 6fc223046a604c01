import NIOCore

/// Watches over the listening socket: how many connections are open, and whether the agent is idle.
///
/// A connection is counted in the same turn of the event loop as its accept(2), and idleness is tested and acted upon
/// in one turn. So what comes too late is not accepted by this process but stays in the socket's backlog, where systemd
/// sees it and starts the next one. A test outside of the event loop loses requests.
final class ListenerHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let gate: IdleGate
    private let idle: TimeAmount?
    private let limit: Int
    private var open = 0
    private var lastClose = NIODeadline.now()
    private var isFull = false
    private var check: Scheduled<Void>?

    /// Accepts at most `limit` connections at once, and closes the listener after `idle` of nothing.
    init(gate: IdleGate, idle: TimeAmount?, limit: Int) {
        self.gate = gate
        self.idle = idle
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) { scheduleCheck(context) }

    func handlerRemoved(context: ChannelHandlerContext) { check?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in
            self.open -= 1
            self.lastClose = .now()
            guard self.isFull, self.open < self.limit else { return }
            self.isFull = false
            context.read()
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if open < limit { context.read() } else { isFull = true }
    }

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        guard let idle else { return }
        // While something is open the end of idleness is unknown; it cannot be nearer than one whole time.
        let due = isBusy ? .now() + idle : idleSince + idle
        check = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            if !self.isBusy, self.idleSince + idle <= .now() {
                context.close(promise: nil)
            } else {
                self.scheduleCheck(context)
            }
        }
    }

    private var isBusy: Bool { open > 0 || gate.isHeld }

    private var idleSince: NIODeadline { max(lastClose, gate.heldUntil) }
}
