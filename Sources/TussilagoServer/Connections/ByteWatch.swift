import NIOCore

/// Tells the handlers behind the HTTP decoder that bytes came: a head that never ends would never reach them.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Some bytes came.
    struct BytesCame: Sendable { let count: Int }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(BytesCame(count: unwrapInboundIn(data).readableBytes))
        context.fireChannelRead(data)
    }
}
