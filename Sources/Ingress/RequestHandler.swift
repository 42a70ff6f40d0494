import Gitea
import Health
import NIOCore
import NIOHTTP1
import QueueCore
import Settings

/// One connection: takes requests in, hands deliveries to the group commit, answers.
///
/// Phases: idle -> head -> body -> committing -> idle. After an early refusal the rest of the
/// request is drained, or, where the connection ends, lingered for. Each has a deadline.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case head
        case body(Upload)
        case committing(GroupCommit.Ticket)
        /// Answered; the rest of a small body is read and forgotten, then the next request may come.
        case draining
        /// Answered, and nothing more will be: what comes is forgotten until the client has read it.
        ///
        /// Closed at once, with bytes unread, the system would reset the connection, and the client
        /// might never see its answer.
        case lingering
        case closing
    }

    private let service: IngressService.Shared
    private let registry: ConnectionRegistry
    private(set) lazy var framing = RequestFraming(handler: self)
    private var phase = Phase.idle
    private var since = NIODeadline.now()
    /// A connection that never says anything is not kept as long as one between two requests.
    private var deadline = NIODeadline.now() + IngressLimits.head
    private var keepsAlive = true
    private var isHead = false
    private(set) var heldBytes = 0
    private var peer: IPAddress?
    private var peerText = ""
    /// Whose request it is; the peer, unless a proxy that is believed names another one.
    private var client: IPAddress?
    private var seen = SeenRequest()
    private var context: ChannelHandlerContext?

    /// Where the registry has it.
    var place: Int?

    init(service: IngressService.Shared, registry: ConnectionRegistry) {
        self.service = service
        self.registry = registry
    }

    /// Adds all that a connection needs to its pipeline, behind TLS if there is any.
    static func install(
        on channel: any Channel,
        service: IngressService.Shared,
        registry: ConnectionRegistry
    ) throws {
        // A client that closes its sending side still gets its answers.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        // `RequestFraming` stops reading when it has something to keep, and is asked between reads.
        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        let handler = RequestHandler(service: service, registry: registry)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldCount = IngressLimits.headerCount
        // `RequestFraming` bounds the head; these are for what follows chunks.
        limits.maxHeaderFieldSize = IngressLimits.headBytes
        limits.maxHeaderListSize = IngressLimits.headBytes
        let decoder = HTTPRequestDecoder(limitConfiguration: limits)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([handler.framing, ByteToMessageHandler(decoder), handler])
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = IPAddress(context.remoteAddress)
        peerText = peer?.description ?? ""
        client = peer
        if registry.isStopping { deadline = .now() + IngressLimits.farewell }
        if !registry.add(self) {
            phase = .closing
            context.close(promise: nil)
        }
    }

    /// The end of every connection, also of one that never became active.
    func handlerRemoved(context: ChannelHandlerContext) {
        // Nobody is left to answer: what is not yet part of a commit is taken back.
        if case .committing(let ticket) = phase, service.commit.withdraw(ticket) {
            service.noteLost(
                seen,
                from: remote,
                "was perhaps not stored: its sender went away first"
            )
        }
        phase = .closing
        release()
        registry.remove(self)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let part): receive(part, context)
        case .end: end(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? HTTPParserError {
        case .headerOverflow?: refuseRest(.headTooLarge)
        case nil:
            // TLS failed, or the peer went away.
            service.note(error, from: peerText)
            close(context)
        default: refuseRest(.malformedRequest)
        }
    }

    // MARK: Told by the framing

    /// The first byte of a request is there, though its head may take long.
    func headBegins() {
        guard case .idle = phase else { return }
        // What was known of the request before it.
        isHead = false
        client = peer
        seen = SeenRequest()
        enter(.head, for: IngressLimits.head)
    }

    /// A TLS handshake begins where a request should; the answer is that to any garbage.
    func encryptionBegins() {
        seen.cause = .encrypted
        refuseRest(.malformedRequest)
    }

    /// What comes cannot be read as a request.
    func refuseRest(_ answer: Answer) {
        guard let context else { return }
        switch phase {
        case .idle, .head, .body:
            answerForGood(answer, readingOn: IngressLimits.forgottenBytes, context)
        case .committing:
            // Behind a request that is answered yet.
            keepsAlive = false
        case .draining, .lingering, .closing:
            close(context)
        }
    }

    /// More is pipelined than is kept: it will not be answered.
    func tooMuchIsPipelined() {
        keepsAlive = false
    }

    /// The client will send nothing more, and has all its answers but that to a running commit.
    func inputEnded() {
        guard let context else { return }
        // More was pipelined than is kept: told again behind the answer.
        if case .committing = phase { return }
        close(context)
    }

    /// So much was forgotten that the client had its chance to read the answer.
    func heardEnough() {
        guard let context else { return }
        close(context)
    }

    /// A body in chunks took so many bytes on its way, what is around the chunks included.
    func chunksArrived(bytes: Int) {
        guard case .body(let upload) = phase, upload.isDwarfed(by: bytes), let context else {
            return
        }
        refuseChunks(context)
    }

    private func refuseChunks(_ context: ChannelHandlerContext) {
        answerForGood(
            .badRequest(reason: "the body's chunks are too small"),
            readingOn: IngressLimits.forgottenBytes,
            context
        )
    }

    // MARK: Taking in

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // What follows the last request that this connection takes is not looked at.
        guard case .head = phase else { return }
        let facts = RequestFacts(head)
        isHead = head.method == .HEAD
        let sources = service.sources
        let source = sources.source(at: head.uri)
        seen = SeenRequest(head, of: source)
        guard !facts.isFramingDoubtful, framing.bodyFollows(facts.framing) else {
            refuseRest(.malformedRequest)
            return
        }
        guard !facts.isHostDoubtful else {
            refuseRest(.badRequest(reason: "a request has one Host header, which names a host"))
            return
        }
        // Only the decoder knows where chunks end, so nothing is taken after them.
        keepsAlive =
            head.isKeepAlive && head.version == .http1_1 && !registry.isStopping
            && facts.framing != .chunks && !facts.asksForUpgrade
        client = sources.client(of: peer, head.headers)
        switch Upload.admit(head, facts, to: source, from: client) {
        case .success(let upload):
            seen = upload.seen
            if facts.expectsContinue {
                var interim = context.channel.allocator.buffer(capacity: 32)
                interim.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
                context.writeAndFlush(wrapOutboundOut(interim), promise: nil)
            }
            enter(.body(upload), for: IngressLimits.body)
        case .failure(.answer(let answer)):
            if answer == .methodNotAllowed { service.noteWrongMethod(seen, from: remote) }
            refuse(answer, facts, context)
        case .failure(.tooLarge(let source)):
            service.noteTooLarge(seen, from: remote)
            refuse(
                .tooLarge(limit: source.bodyBytesMax),
                facts,
                readingOn: 2 * source.bodyBytesMax,
                context
            )
        case .failure(.unproven(let cause)):
            let verdict = noteFailure(cause)
            refuse(
                Answer(verdict),
                facts,
                readingOn: verdict == .refused
                    ? IngressLimits.forgottenBytes : IngressLimits.smallBody,
                context
            )
        }
    }

    /// Answers before the body is read.
    ///
    /// A small body is read to its end, so that the connection stays usable; of a large one as much
    /// as keeps the client from failing on its own write.
    private func refuse(
        _ answer: Answer,
        _ facts: RequestFacts,
        readingOn bytes: Int = IngressLimits.forgottenBytes,
        _ context: ChannelHandlerContext
    ) {
        let isSmall = facts.declaredBytes.map { $0 <= IngressLimits.smallBody } ?? false
        // Who expects our word before the body would wait, or begin a new request: nobody knows.
        if keepsAlive, isSmall, !facts.expectsContinue {
            enter(.draining, for: IngressLimits.drain)
            respond(answer, context)
        } else {
            answerForGood(answer, readingOn: bytes, context)
        }
    }

    private func receive(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
        guard case .body(var upload) = phase else { return }
        phase = .idle  // so that `upload` is the only reference and grows in place
        let problem = upload.receive(part)
        phase = .body(upload)
        switch problem {
        case nil:
            break
        case .tooLarge:
            let source = upload.source
            service.noteTooLarge(seen, from: remote)
            answerForGood(
                .tooLarge(limit: source.bodyBytesMax),
                readingOn: 2 * source.bodyBytesMax,
                context
            )
            return
        case .chunksTooSmall:
            refuseChunks(context)
            return
        }
        hold(upload.bytes - heldBytes)
        registry.boundMemory()
    }

    private func end(_ context: ChannelHandlerContext) {
        switch phase {
        case .body(var upload):
            guard !upload.isDwarfed(by: framing.chunkedBytes) else {
                refuseChunks(context)
                return
            }
            phase = .idle  // as above
            switch upload.finish(remote: remote, receivedAt: service.clocks.now()) {
            case .success(let delivery): submit(delivery, context)
            case .failure(let cause): finish(Answer(noteFailure(cause)), context)
            }
        case .draining:
            enter(.idle, for: IngressLimits.idle)
            framing.resume()
        case .idle, .head, .committing, .lingering, .closing:
            break
        }
    }

    private func submit(_ delivery: Delivery, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let id = delivery.id
        seen.isVerified = delivery.verifiedBy != nil
        let ticket = service.commit.submit(delivery) { outcome in
            bound.value.committed(outcome, id)
        }
        guard let ticket else {
            lose("too many deliveries wait to be stored", context)
            return
        }
        enter(.committing(ticket), for: IngressLimits.commit)
        framing.hold()
    }

    private func committed(_ outcome: GroupCommit.Outcome, _ id: DeliveryID) {
        guard case .committing = phase, let context else {
            // Its sender went away while it was part of a commit.
            if case .failed(let reason) = outcome {
                service.noteLost(seen, from: remote, "was not stored: \(reason)")
            }
            return
        }
        switch outcome {
        case .stored(let acceptance):
            finish(Answer(acceptance, of: id), context)
        case .spooled:
            finish(.spooled(id), context)
        case .failed(let reason):
            lose(reason, context)
        }
    }

    /// Answers that a delivery which is as it should be is not stored.
    private func lose(_ reason: String, _ context: ChannelHandlerContext) {
        service.noteLost(seen, from: remote, "was answered 503: \(reason)")
        finish(.unavailable(reason: reason), context)
    }

    private func noteFailure(_ cause: RefusalCause) -> FailureThrottle.Verdict {
        seen.cause = cause
        service.noteUnproven(seen, from: remote)
        return registry.throttle.noteFailure(of: client, now: .now())
    }

    /// The address that is stored with the delivery.
    private var remote: String {
        client == peer ? peerText : client?.description ?? ""
    }

    // MARK: Deadlines

    func checkDeadline(now: NIODeadline) {
        guard now >= deadline, let context else { return }
        switch phase {
        case .idle, .draining, .lingering, .closing:
            close(context)
        case .head, .body:
            keepsAlive = false
            respond(.timeout, context)
            close(context)
        case .committing(let ticket):
            // Part of a running commit: its result is near, and only it tells the truth.
            guard service.commit.withdraw(ticket) else { return }
            lose("the store was busy for too long", context)
        }
    }

    func stop() {
        guard let context else { return }
        switch phase {
        case .idle:
            let now = NIODeadline.now()
            if now >= since + IngressLimits.quiet {
                close(context)
            } else {
                deadline = min(deadline, now + IngressLimits.farewell)
            }
        case .head, .body, .committing, .draining, .lingering, .closing: keepsAlive = false
        }
    }

    private func enter(_ phase: Phase, for time: TimeAmount) {
        self.phase = phase
        since = .now()
        deadline = since + time
    }

    // MARK: Answering

    /// Answers a request whose body was read.
    private func finish(_ answer: Answer, _ context: ChannelHandlerContext) {
        if registry.isStopping { keepsAlive = false }
        if !keepsAlive, framing.hasUnread {
            answerForGood(answer, readingOn: IngressLimits.forgottenBytes, context)
            return
        }
        release()
        enter(.idle, for: IngressLimits.idle)
        respond(answer, context)
        guard case .idle = phase else { return }
        if keepsAlive {
            framing.resume()
        } else {
            close(context)
        }
    }

    /// Answers, and takes no more requests; reads on for a while.
    private func answerForGood(
        _ answer: Answer,
        readingOn bytes: Int,
        _ context: ChannelHandlerContext
    ) {
        release()
        keepsAlive = false
        enter(.lingering, for: IngressLimits.drain)
        respond(answer, context)
        guard case .lingering = phase else { return }
        context.close(mode: .output, promise: nil)
        framing.stopListening(after: bytes)
    }

    private func respond(_ answer: Answer, _ context: ChannelHandlerContext) {
        service.note(answer, seen, from: remote)
        // A head is not kept by a connection that waits for the next one.
        seen = SeenRequest()
        var buffer = context.channel.allocator.buffer(capacity: IngressLimits.answerBytes)
        answer.write(
            to: &buffer,
            closes: !keepsAlive,
            date: registry.date.now(),
            isHead: isHead
        )
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        // It sends requests and reads no answers: those would pile up here.
        if !context.channel.isWritable { close(context) }
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

extension RequestHandler {
    /// Connections with the same key share an address; those behind a Unix socket have none.
    var peerKey: UInt128 { peer?.customer ?? 0 }

    /// Whether it is idle, and since when it has no whole request; nil when it has one.
    var dispensable: (isIdle: Bool, since: NIODeadline)? {
        switch phase {
        case .idle: (true, since)
        case .head, .body, .draining, .lingering: (false, since)
        case .committing, .closing: nil
        }
    }

    /// Bytes of a body that is not complete.
    var unfinishedBytes: Int {
        if case .body = phase { heldBytes } else { 0 }
    }

    /// Lets the request go in favour of others that hold less.
    func giveUpMemory() {
        guard case .body = phase, let context else { return }
        answerForGood(
            .unavailable(reason: "too many requests in memory"),
            readingOn: IngressLimits.forgottenBytes,
            context
        )
    }

    /// Lets the connection go in favour of another one.
    func giveWay() {
        guard let context else { return }
        switch phase {
        case .head, .body:
            keepsAlive = false
            respond(.unavailable(reason: "too many connections"), context)
        case .idle, .draining, .lingering, .committing, .closing:
            break
        }
        close(context)
    }
}
