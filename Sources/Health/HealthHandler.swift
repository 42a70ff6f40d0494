import NIOCore
import NIOHTTP1
import Telemetry

/// One connection of the health port; each answers one request.
final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let port: HealthPort
    private var head: HTTPRequestHead?
    /// A HEAD request is answered as a GET, without the body.
    private var isHead = false
    /// Whether the request is whole, or what came is none: nothing else counts from then on.
    private(set) var hasAsked = false
    private var number: Int?
    private var date = HTTPDate()
    private var deadline: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(port: HealthPort) {
        self.port = port
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        number = port.enter(context.channel)
        close(context, in: HealthLimits.request)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
        if let number { port.leave(number) }
    }

    /// One time for all of the request, and one for all of the answer: a byte now and then gains
    /// nothing.
    private func close(_ context: ChannelHandlerContext, in time: TimeAmount) {
        deadline?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = self.head ?? head
        case .body: break
        case .end:
            guard let head, !hasAsked else { return }
            ask(context)
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        // Behind the one request that counts.
        if hasAsked { return }
        ask(context)
        refuse(.badRequest, "this is no HTTP/1.1 request")
    }

    private func ask(_ context: ChannelHandlerContext) {
        hasAsked = true
        if let number { port.noteRequest(of: number) }
        close(context, in: HealthLimits.answer)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isHead = head.method == .HEAD
        guard head.method == .GET || isHead else {
            refuse(.methodNotAllowed, "only GET and HEAD")
            return
        }
        switch Self.path(of: head.uri) {
        case "/healthz": respond(.ok, json: #"{"status":"ok"}"#)
        case "/readyz": answerReadiness(context)
        case "/metrics": answerMetrics(context)
        default: refuse(.notFound, "no such path: /healthz, /readyz, /metrics")
        }
    }

    /// A server must take the absolute form too (RFC 9112, section 3.2.2).
    private static func path(of target: String) -> Substring {
        let target = target.prefix { $0 != "?" }
        for scheme in ["http://", "https://"]
        where target.prefix(scheme.count).lowercased() == scheme {
            return target.dropFirst(scheme.count).drop { $0 != "/" }
        }
        return target
    }

    private func answerReadiness(_ context: ChannelHandlerContext) {
        let readiness = port.readiness
        wait(context, for: readiness, atMost: HealthLimits.patience) { handler, readiness in
            let answer = ReadinessAnswer(readiness, store: handler.port.store())
            handler.respond(answer.status, json: answer.json)
        }
    }

    private func answerMetrics(_ context: ChannelHandlerContext) {
        let refresh = port.refresh
        wait(context, for: refresh, atMost: HealthLimits.refresh) { handler, _ in
            handler.respond(.ok, handler.port.exposition, type: Exposition.contentType)
        }
    }

    /// Goes on when there is a result, or with nil when it takes too long.
    private func wait<Result: Sendable>(
        _ context: ChannelHandlerContext,
        for work: @escaping @Sendable () async -> Result,
        atMost limit: TimeAmount,
        then goOn: @escaping @Sendable (HealthHandler, Result?) -> Void
    ) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        // The first of the two answers; the other finds the connection closed.
        let timer = context.eventLoop.scheduleTask(in: limit) { goOn(bound.value, nil) }
        // Owned by this request: it ends with the work, and its answer goes to whoever is left.
        context.eventLoop.makeFutureWithTask { await work() }
            .whenSuccess { result in
                timer.cancel()
                goOn(bound.value, result)
            }
    }

    private func refuse(_ status: HTTPResponseStatus, _ reason: String) {
        respond(status, json: #"{"status":"error","error":\#(Self.quoted(reason))}"#)
    }

    /// A JSON string.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private func respond(_ status: HTTPResponseStatus, json: String) {
        respond(status, json + "\n", type: "application/json")
    }

    private func respond(_ status: HTTPResponseStatus, _ text: String, type: String) {
        guard let context, context.channel.isActive else { return }
        let body = context.channel.allocator.buffer(string: text)
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: type)
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "Date", value: date.now())
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // After the last byte: large answers do not fit into the socket at once.
        context.writeAndFlush(wrapOutboundOut(.end(nil)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }
}
