import Gitea
import NIOCore
import NIOHTTP1
import QueueCore

/// The health port.
///
/// `GET /healthz`: the process answers. `GET /readyz`: a write to the store works.
final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let service: IngressService.Shared
    private var head: HTTPRequestHead?

    init(service: IngressService.Shared) {
        self.service = service
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.method == .GET else {
            respond(.methodNotAllowed, #"{"status":"error","error":"only GET"}"#, context)
            return
        }
        switch head.uri.prefix(while: { $0 != "?" }) {
        case "/healthz": respond(.ok, #"{"status":"ok"}"#, context)
        case "/readyz": proveReady(context)
        default: respond(.notFound, #"{"status":"error","error":"no such path"}"#, context)
        }
    }

    private func proveReady(_ context: ChannelHandlerContext) {
        let store = service.store
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        // Owned by this request: it ends with the write, and its answer goes to whoever is left.
        let proof = context.eventLoop.makeFutureWithTask { () -> StoreError? in
            do throws(StoreError) {
                try await store.probe()
                return nil
            } catch {
                return error
            }
        }
        let limit = context.eventLoop.scheduleTask(in: IngressLimits.commit) {
            bound.value.0.notReady("the store was busy for too long", bound.value.1)
        }
        proof.whenSuccess { error in
            limit.cancel()
            let (handler, context) = bound.value
            if let error {
                handler.notReady(error.description, context)
            } else {
                handler.respond(.ok, #"{"status":"ready"}"#, context)
            }
        }
    }

    private func notReady(_ reason: String, _ context: ChannelHandlerContext) {
        respond(
            .serviceUnavailable,
            #"{"status":"error","error":\#(JSONText.quoted(reason))}"#,
            context
        )
    }

    private func respond(
        _ status: HTTPResponseStatus,
        _ json: String,
        _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        let body = context.channel.allocator.buffer(string: json + "\n")
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}
