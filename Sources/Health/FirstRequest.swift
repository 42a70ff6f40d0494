import NIOCore

/// Stands before the decoder of a connection that answers one request: lets through what comes until
/// that is whole, and tells its handler of the end of the input, which the decoder would take for an
/// error.
final class FirstRequest: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: HealthHandler

    init(_ handler: HealthHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !handler.hasAsked { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            if !handler.hasAsked { context.close(promise: nil) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
