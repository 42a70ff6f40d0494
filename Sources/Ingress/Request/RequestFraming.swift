import NIOCore

/// Stands before the HTTP decoder and hands it one request at a time.
///
/// Cuts the stream where a head and a body end. So it is known whether anything of a next request is
/// there (which then has a head's time, not an idle connection's), heads are bounded byte for byte,
/// and what is pipelined behind a request that waits for its commit stays bytes, of which one read
/// is kept: parsed, the same bytes would be thousands of heads.
///
/// A client that closes its sending side has asked all it wants: the end is told after the last of
/// its requests, so that it still reads the answers.
final class RequestFraming: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case between
        case head(HeadEnd)
        case body(left: Int)
        /// The decoder alone knows where it ends; so many bytes came.
        case chunks(bytes: Int)
        /// The request is whole, and its answer is not there yet.
        case held
        /// Answered for good: so much more is read and forgotten.
        case deaf(left: Int)
    }

    private unowned let handler: RequestHandler
    private var state = State.between
    /// Arrived while held.
    private var pending = ByteBuffer()
    private var isFeeding = false
    private var isReadPending = false
    private var isInputClosed = false
    private var context: ChannelHandlerContext?

    init(handler: RequestHandler) {
        self.handler = handler
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        state = .deaf(left: 0)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        feed(unwrapInboundIn(data), context)
    }

    func read(context: ChannelHandlerContext) {
        if case .held = state, pending.readableBytes > 0 {
            isReadPending = true
        } else {
            context.read()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            // Not for the decoder, which would take it for an error.
            isInputClosed = true
            tellInputEnd()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Whether more is there than the request that is being answered.
    var hasUnread: Bool {
        switch state {
        case .held: pending.readableBytes > 0
        case .chunks, .deaf: true
        case .between, .head, .body: false
        }
    }

    /// Bytes of the request's body on their way, if it comes in chunks, and of what the last read
    /// brought behind it.
    var chunkedBytes: Int {
        if case .chunks(let bytes) = state { bytes } else { 0 }
    }

    // MARK: Told by the request's handler

    /// A head is complete; so much follows.
    ///
    /// - Returns: false when the decoder saw the head's end elsewhere, which no honest client does.
    func bodyFollows(_ framing: RequestFacts.Framing) -> Bool {
        guard case .head(let end) = state, end.isFound else { return false }
        switch framing {
        case .length(let bytes): state = .body(left: bytes)
        case .chunks: state = .chunks(bytes: 0)
        }
        return true
    }

    /// The request is whole, and its answer takes time.
    func hold() {
        state = .held
    }

    /// The request was answered: the next one may come.
    func resume() {
        state = .between
        // Inside of `feed` its loop goes on by itself.
        guard !isFeeding, let context else { return }
        let bytes = pending
        pending = ByteBuffer()
        feed(bytes, context)
        tellInputEnd()
        if isReadPending {
            isReadPending = false
            read(context: context)
        }
    }

    /// The connection takes no more requests: what comes is forgotten, and after so much it is
    /// closed.
    func stopListening(after bytes: Int) {
        state = .deaf(left: bytes)
        pending = ByteBuffer()
        tellInputEnd()
        guard isReadPending, let context else { return }
        isReadPending = false
        context.read()
    }

    // MARK: Cutting

    private func feed(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        isFeeding = true
        defer { isFeeding = false }
        var bytes = bytes
        while bytes.readableBytes > 0 {
            switch state {
            case .between:
                beginHead(&bytes)
            case .head(let end):
                feedHead(&bytes, end, context)
            case .body(let left):
                guard left > 0 else {
                    // The decoder saw no end there: the two disagree about this stream.
                    handler.refuseRest(.malformedRequest)
                    state = .deaf(left: IngressLimits.smallBody)
                    return
                }
                let count = min(left, bytes.readableBytes)
                guard let part = bytes.readSlice(length: count) else { return }
                // Before it is handed on: with the last byte the handler decides what follows.
                state = .body(left: left - count)
                context.fireChannelRead(wrapInboundOut(part))
            case .chunks(let before):
                let all = bytes
                bytes.moveReaderIndex(to: bytes.writerIndex)
                let came = before + all.readableBytes
                state = .chunks(bytes: came)
                context.fireChannelRead(wrapInboundOut(all))
                handler.chunksArrived(bytes: came)
            case .held:
                keep(&bytes)
            case .deaf(let left):
                state = .deaf(left: left - bytes.readableBytes)
                if left < bytes.readableBytes { handler.heardEnough() }
                return
            }
        }
    }

    private func beginHead(_ bytes: inout ByteBuffer) {
        // Some clients end a body with an empty line, which is no request (RFC 9112, section 2.2).
        while let byte = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self),
            byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
        {
            bytes.moveReaderIndex(forwardBy: 1)
        }
        guard let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { return }
        state = .head(HeadEnd())
        handler.headBegins()
        // No method begins so (RFC 8446, section 5.1: a record of type handshake).
        if first == 0x16 { handler.encryptionBegins() }
    }

    private func feedHead(
        _ bytes: inout ByteBuffer,
        _ end: HeadEnd,
        _ context: ChannelHandlerContext
    ) {
        var end = end
        let count = unsafe bytes.withUnsafeReadableBytes { unsafe end.look(at: $0) }
        guard end.bytes <= IngressLimits.headBytes else {
            handler.refuseRest(.headTooLarge)
            return
        }
        guard end.isHTTP ?? true else {
            handler.refuseRest(.malformedRequest)
            return
        }
        state = .head(end)
        guard let part = bytes.readSlice(length: count ?? bytes.readableBytes) else { return }
        context.fireChannelRead(wrapInboundOut(part))
        // Now either the body follows, or it was refused.
        if count != nil, case .head = state { handler.refuseRest(.malformedRequest) }
    }

    private func keep(_ bytes: inout ByteBuffer) {
        pending.writeBuffer(&bytes)
        // Reading has stopped by now; the end of the stream makes NIO read on all the same.
        guard pending.readableBytes > IngressLimits.pipelinedBytes else { return }
        handler.tooMuchIsPipelined()
        pending = ByteBuffer()
        state = .deaf(left: .max)
    }

    private func tellInputEnd() {
        guard isInputClosed else { return }
        switch state {
        case .held: break
        case .between, .deaf: handler.inputEnded()
        case .head, .body, .chunks: handler.refuseRest(.malformedRequest)
        }
    }
}
