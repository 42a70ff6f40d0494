import Logging
import NIOCore
import NIOHTTP1
import QueueCore

/// One connection: takes requests in, hands deliveries to the group commit, answers.
///
/// Phases: idle -> head -> body -> committing -> idle, with `draining` after an early refusal.
/// Each has a deadline.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case idle
        case head
        case body(Upload)
        case committing(GroupCommit.Ticket)
        /// Answered; the rest of the body is read and forgotten.
        case draining(bytesLeft: Int)
        case closing
    }

    private let service: IngressService.Shared
    private let registry: ConnectionRegistry
    private var phase = Phase.idle
    /// A connection that never says anything is not kept as long as one between two requests.
    private var deadline = NIODeadline.now() + IngressLimits.head
    private var keepsAlive = true
    private var heldBytes = 0
    private var remote = ""
    private var context: ChannelHandlerContext?

    init(service: IngressService.Shared, registry: ConnectionRegistry) {
        self.service = service
        self.registry = registry
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        remote = context.remoteAddress?.ipAddress ?? ""
        if !registry.add(self) {
            phase = .closing
            context.close(promise: nil)
        }
    }

    /// Until when an idle connection is kept; nil while there is a request.
    var idleUntil: NIODeadline? {
        if case .idle = phase { deadline } else { nil }
    }

    /// The end of every connection, also of one that never became active.
    func handlerRemoved(context: ChannelHandlerContext) {
        // Nobody is left to answer: what is not yet part of a commit is taken back.
        if case .committing(let ticket) = phase { _ = service.commit.withdraw(ticket) }
        phase = .closing
        release()
        registry.remove(self)
        self.context = nil
    }

    /// Told by ``FirstByte``: a request has begun, though its head is not complete.
    func bytesArrived() {
        guard case .idle = phase else { return }
        enter(.head, for: IngressLimits.head)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let part): receive(part, context)
        case .end: end(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer went away, or sent what is not HTTP (answered 400 by NIO's own handler).
        context.close(promise: nil)
    }

    // MARK: Taking in

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // Pipelined behind the last request that this connection takes.
        if case .closing = phase { return }
        keepsAlive = head.isKeepAlive && !registry.isStopping
        switch Upload.admit(head, source: service.source) {
        case .success(let upload):
            guard registry.bytesInMemory < IngressLimits.bytesInMemory else {
                refuse(.unavailable(reason: "too many requests in memory"), head, context)
                return
            }
            if head.expectsContinue {
                write(.head(HTTPResponseHead(version: head.version, status: .continue)), context)
                context.flush()
            }
            enter(.body(upload), for: IngressLimits.body)
        case .failure(let refusal):
            if case .tooLarge = refusal.answer { service.noteTooLarge(from: remote) }
            refuse(refusal.answer, head, context)
        }
    }

    /// Answers before the body is read.
    ///
    /// A small body is read to its end, so that the connection stays usable; of a large one as much
    /// as keeps the client from failing on its own write.
    private func refuse(
        _ answer: Answer,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let declared = head.headers.first(name: "content-length").flatMap { Int($0) }
        let isChunked = head.headers.contains(name: "transfer-encoding")
        let isSmall = (declared ?? 0) <= service.source.bodyBytesMax && !isChunked
        keepsAlive = keepsAlive && isSmall && !head.expectsContinue
        if head.expectsContinue {
            // It waits for our word before it sends anything: nothing is read.
            phase = .closing
            respond(answer, context)
            close(context)
        } else {
            enter(
                .draining(bytesLeft: 2 * service.source.bodyBytesMax),
                for: IngressLimits.drain
            )
            respond(answer, context)
        }
    }

    private func receive(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
        switch phase {
        case .body(var upload):
            phase = .idle  // so that `upload` is the only reference and grows in place
            guard upload.receive(part) else {
                service.noteTooLarge(from: remote)
                release()
                keepsAlive = false
                enter(
                    .draining(bytesLeft: 2 * service.source.bodyBytesMax - upload.bytes),
                    for: IngressLimits.drain
                )
                respond(.tooLarge(limit: service.source.bodyBytesMax), context)
                return
            }
            hold(upload.bytes - heldBytes)
            guard registry.bytesInMemory <= IngressLimits.bytesInMemory else {
                release()
                keepsAlive = false
                enter(
                    .draining(bytesLeft: 2 * service.source.bodyBytesMax),
                    for: IngressLimits.drain
                )
                respond(.unavailable(reason: "too many requests in memory"), context)
                return
            }
            phase = .body(upload)
        case .draining(let bytesLeft):
            let left = bytesLeft - part.readableBytes
            phase = .draining(bytesLeft: left)
            if left < 0 { close(context) }
        case .idle, .head, .committing, .closing:
            break
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        switch phase {
        case .body(var upload):
            guard let delivery = upload.finish(remote: remote, receivedAt: service.clocks.now())
            else {
                service.noteUnauthorized(from: remote)
                finish(.unauthorized, context)
                return
            }
            submit(delivery, context)
        case .draining:
            next(context)
        case .idle, .head, .committing, .closing:
            break
        }
    }

    private func submit(_ delivery: Delivery, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let id = delivery.id
        let ticket = service.commit.submit(delivery) { outcome in
            bound.value.committed(outcome, id)
        }
        guard let ticket else {
            finish(.unavailable(reason: "too many deliveries wait to be stored"), context)
            return
        }
        enter(.committing(ticket), for: IngressLimits.commit)
    }

    private func committed(_ outcome: GroupCommit.Outcome, _ id: DeliveryID) {
        guard case .committing = phase, let context else { return }
        switch outcome {
        case .stored(let acceptance):
            finish(Answer(acceptance, of: id), context)
        case .failed(let error):
            finish(.unavailable(reason: Self.reason(error)), context)
        }
    }

    /// What a client may know of a store's trouble: no paths.
    private static func reason(_ error: StoreError) -> String {
        switch error {
        case .busy: "the store is locked"
        case .full: "the store's disk is full"
        case .readOnly: "the store is read-only"
        default: "the store cannot be written"
        }
    }

    // MARK: Deadlines

    func checkDeadline(now: NIODeadline) {
        guard now >= deadline, let context else { return }
        switch phase {
        case .idle, .draining, .closing:
            close(context)
        case .head:
            // No request was parsed, so there is none that the response encoder could answer.
            writeRawTimeout(context)
        case .body:
            keepsAlive = false
            respond(.timeout, context)
            close(context)
        case .committing(let ticket):
            // Part of a running commit: its result is near, and only it tells the truth.
            guard service.commit.withdraw(ticket) else { return }
            finish(.unavailable(reason: "the store was busy for too long"), context)
        }
    }

    func stop() {
        guard let context else { return }
        switch phase {
        case .idle: close(context)
        case .head, .body, .committing, .draining, .closing: keepsAlive = false
        }
    }

    private func enter(_ phase: Phase, for time: TimeAmount) {
        self.phase = phase
        deadline = .now() + time
    }

    // MARK: Answering

    /// Answers a request whose body was read.
    private func finish(_ answer: Answer, _ context: ChannelHandlerContext) {
        release()
        if registry.isStopping { keepsAlive = false }
        let closes = !keepsAlive
        if closes {
            phase = .closing
        } else {
            enter(.idle, for: IngressLimits.idle)
        }
        respond(answer, context)
        if closes { close(context) }
    }

    private func next(_ context: ChannelHandlerContext) {
        guard keepsAlive else {
            close(context)
            return
        }
        enter(.idle, for: IngressLimits.idle)
    }

    /// Writes an answer, whose end delivers at once what was pipelined behind the request: the rest
    /// of it, and the next one, begin inside of this call.
    ///
    /// So the phase that follows is entered before it, and not touched after.
    private func respond(_ answer: Answer, _ context: ChannelHandlerContext) {
        let body = context.channel.allocator.buffer(string: answer.body)
        var head = HTTPResponseHead(version: .http1_1, status: answer.status)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        for (name, value) in answer.headers { head.headers.add(name: name, value: value) }
        if !keepsAlive { head.headers.add(name: "Connection", value: "close") }
        write(.head(head), context)
        write(.body(.byteBuffer(body)), context)
        write(.end(nil), context)
        context.flush()
        // It sends requests and reads no answers: those would pile up here.
        if !context.channel.isWritable { close(context) }
    }

    private func writeRawTimeout(_ context: ChannelHandlerContext) {
        let body = Answer.timeout.body
        let text =
            "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        context.channel.pipeline.syncOperations.writeAndFlushAtHead(text)
        close(context)
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(part), promise: nil)
    }

    private func close(_ context: ChannelHandlerContext) {
        phase = .closing
        release()
        context.close(promise: nil)
    }

    // MARK: Memory

    private func hold(_ bytes: Int) {
        heldBytes += bytes
        registry.bytesInMemory += bytes
    }

    private func release() {
        registry.bytesInMemory -= heldBytes
        heldBytes = 0
    }
}

extension HTTPRequestHead {
    fileprivate var expectsContinue: Bool {
        headers.first(name: "expect")?.lowercased() == "100-continue"
    }
}

/// Stands before the HTTP decoder: notices the first byte of a request, whose head may take long,
/// and can answer one whose head never came.
final class FirstByte: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let handler: RequestHandler

    init(handler: RequestHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.bytesArrived()
        context.fireChannelRead(data)
    }

    fileprivate func answer(_ text: String, context: ChannelHandlerContext) {
        let bytes = context.channel.allocator.buffer(string: text)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Writes past the response encoder.
    fileprivate func writeAndFlushAtHead(_ text: String) {
        guard let context = try? context(handlerType: FirstByte.self),
            let handler = context.handler as? FirstByte
        else {
            preconditionFailure("FirstByte is the first handler of every connection")
        }
        handler.answer(text, context: context)
    }
}
