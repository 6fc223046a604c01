import HTTPTypes
import NIOCore
import NIOHTTPTypes
import TussilagoAPI

/// Keeps one connection within the limits: the times of its heads, bodies and writes, and how it ends.
///
/// It stands behind the HTTP decoder and answers what never becomes a request: a head that is no HTTP, too large or too
/// slow, a connection too many. What is asked for is answered behind it, by ``RequestHandler``.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: APILimits
    private let refusal: Problem?
    /// Heads that were read and are not answered to their end.
    private var unanswered = 0
    /// Between a request's head and its end.
    private var isReading = false
    /// Some bytes of the next head came.
    private var headBegan = false
    /// How long the body that comes may take.
    private var bodyTime: Duration
    /// A request was answered, so that this is a connection that is kept alive.
    private var answeredOnce = false
    /// What is answered, last, when everything before it is.
    private var failure: Problem?
    /// The connection ends with the answer that is under way.
    private var isLast = false
    /// Nothing more is read or answered.
    private var isOver = false
    /// How many bytes more are thrown away behind the last answer; nil before it.
    private var patience: Int?

    private var waiting = Waiting.nothing
    private var deadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?
    private var heartbeat: Scheduled<Void>?

    /// Watches over a connection; with a `refusal`, that is all that it answers.
    init(limits: APILimits, refusal: Problem? = nil) {
        self.limits = limits
        self.refusal = refusal
        bodyTime = limits.bodyTime
    }

    // MARK: Reading

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if let refusal {
            // It is closed without waiting: what was refused shall not take the room of others.
            answer(refusal, lingering: false, context)
        } else {
            updateDeadline(context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            bodyTime = limits.bodyTime + .seconds(max(0, min(length, limits.source)) / max(1, limits.slowestBody))
            isReading = true
            headBegan = false
            cancelDeadline()
        case .body: break
        case .end: isReading = false
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        updateDeadline(context)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isOver else { return }
        // The connection itself broke: there is nobody to answer.
        if error is IOError || error is ChannelError { return context.fireErrorCaught(error) }
        if !isReading, unanswered == 0 {
            answer(ProblemAnswer.problem(ofHead: error), context)
        } else if !isReading {
            failure = ProblemAnswer.problem(ofHead: error)
        } else if unanswered > 0 {
            isLast = true
            context.fireErrorCaught(error)
        } else {
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let bytes as ByteWatch.BytesCame:
            if unanswered == 0, !isReading { headBegan = true }
            if let left = patience {
                patience = left - bytes.count
                if left < bytes.count { context.close(promise: nil) }
            }
            return
        case is AgentStops: stop(context)
        case ChannelEvent.inputClosed where isOver: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// A connection that was never used may have a request in its buffer that was not read yet: it is waited for, for a
    /// moment.
    ///
    /// One that is kept alive may be closed at any time (RFC 9112 §9.5).
    private func stop(_ context: ChannelHandlerContext) {
        isLast = true
        guard unanswered == 0, !headBegan else { return }
        if answeredOnce { context.close(promise: nil) } else { wait(for: .lastHead, context) }
    }

    // MARK: Writing

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            // An answer before the end of its request: what is left of the body is not read to find the next head.
            if isReading || head.headerFields[.connection] == "close" { isLast = true }
            if isLast { head.headerFields[.connection] = "close" }
            if head.headerFields[.contentType] == EventStream.mediaType { beat(context) }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where isLast:
            ended()
            finish(context, data, promise)
        case .end:
            ended()
            context.write(data, promise: promise)
            if unanswered == 0, let failure { answer(failure, context) } else { updateDeadline(context) }
        default: context.write(data, promise: promise)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        // Once the last answer is under way, its own deadline counts.
        guard !isOver else { return }
        writeDeadline?.cancel()
        if !context.channel.isWritable { writeDeadline = close(context, in: limits.writeTime) }
    }

    private func ended() {
        unanswered -= 1
        answeredOnce = true
        heartbeat?.cancel()
    }

    /// Answers what never became a request, and ends the connection.
    private func answer(_ problem: Problem, lingering: Bool = true, _ context: ChannelHandlerContext) {
        var answer = ProblemAnswer(problem)
        answer.head.headerFields[.connection] = "close"
        isReading = lingering
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
        finish(context, wrapOutboundOut(.end(nil)), nil)
    }

    /// Writes the end of the last answer and closes when it is written.
    ///
    /// While the other end still writes, only this side closes, and what comes is thrown away for a moment: a client
    /// that fails to write would not read the answer (RFC 9112 §9.6).
    private func finish(_ context: ChannelHandlerContext, _ end: NIOAny, _ promise: EventLoopPromise<Void>?) {
        isOver = true
        cancelDeadline()
        writeDeadline?.cancel()
        writeDeadline = close(context, in: limits.writeTime)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        written.futureResult.assumeIsolated().whenComplete { _ in
            guard self.isReading, context.channel.isActive else { return context.close(promise: nil) }
            context.close(mode: .output, promise: nil)
            // More than a socket holds. Whoever sends on and on would have the agent do nothing but throw away.
            self.patience = 256 << 10
            self.writeDeadline?.cancel()
            self.writeDeadline = self.close(context, in: .seconds(1))
        }
        context.writeAndFlush(end, promise: written)
    }

    /// A comment now and then keeps whoever reads an event stream from giving up (HTML, "Server-sent events").
    private func beat(_ context: ChannelHandlerContext) {
        heartbeat = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.heartbeat)) {
            if context.channel.isWritable {
                context.writeAndFlush(self.wrapOutboundOut(.body(ByteBuffer(string: ": alive\n\n"))), promise: nil)
            }
            self.beat(context)
        }
    }

    // MARK: Deadlines

    /// What the connection waits for.
    private enum Waiting { case nothing, request, head, lastHead, body }

    private func updateDeadline(_ context: ChannelHandlerContext) {
        guard !isOver else { return }
        if isReading { return wait(for: .body, context) }
        if unanswered > 0 { return wait(for: .nothing, context) }
        if headBegan || !answeredOnce { return wait(for: waiting == .lastHead ? .lastHead : .head, context) }
        wait(for: .request, context)
    }

    private func wait(for next: Waiting, _ context: ChannelHandlerContext) {
        guard next != waiting else { return }
        cancelDeadline()
        waiting = next
        let time: Duration
        switch next {
        case .nothing: return
        case .request: time = limits.idleTime
        case .head: time = limits.headTime
        case .lastHead: time = .seconds(1)
        case .body: time = bodyTime
        }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { self.expired(context) }
    }

    private func expired(_ context: ChannelHandlerContext) {
        switch waiting {
        case .nothing: break
        case .body where unanswered > 0:
            isLast = true
            context.fireErrorCaught(RequestTimedOut())
            deadline = close(context, in: limits.writeTime)
        case .head where headBegan: answer(Problem(.timedOut, "the request's head did not come in time"), context)
        case .request, .head, .lastHead, .body: context.close(promise: nil)
        }
    }

    private func cancelDeadline() {
        deadline?.cancel()
        waiting = .nothing
    }

    private func close(_ context: ChannelHandlerContext, in time: Duration) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        writeDeadline?.cancel()
        heartbeat?.cancel()
    }
}

/// A request's body did not come in time.
struct RequestTimedOut: Error {}
