import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on 127.0.0.1 that answers as a test says, also with what is no HTTP.
final class TestServer: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var line: String
        /// In the order they came.
        var headers: [(name: String, value: String)]
        var body: Data

        func values(_ name: String) -> [String] {
            headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }
    }

    /// What the server does about a request.
    enum Answer: Sendable {
        /// Sends bytes and keeps the connection.
        case send(String)
        /// Sends bytes, maybe none, and closes.
        case sendAndClose(String)
        /// Sends the beginning of a response and goes on with its body for ever.
        case flood(String)

        static let silence = Answer.send("")

        static func status(_ status: Int, headers: [String] = [], body: String = "") -> Answer {
            let head =
                ["HTTP/1.1 \(status) Whatever", "Content-Length: \(body.utf8.count)"] + headers
            return .send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }
    }

    private let received = Mutex<[Request]>([])
    private let connected = Atomic(0)
    private let channel: any Channel

    /// All requests so far.
    var requests: [Request] { received.withLock(\.self) }

    /// How many connections were made.
    var connections: Int { connected.load(ordering: .relaxed) }

    var port: Int { channel.localAddress?.port ?? 0 }
    var url: String { "http://127.0.0.1:\(port)/hook?key=in-the-query" }

    /// Runs a test with a server, which is gone afterwards.
    ///
    /// `answer` says what to do about each request; it is called on an event loop.
    static func with<Value>(
        tls: NIOSSLContext? = nil,
        _ answer: @escaping @Sendable (Request) -> Answer,
        _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let holder = Mutex<TestServer?>(nil)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers = channel.pipeline.syncOperations
                    if let tls { try handlers.addHandler(NIOSSLServerHandler(context: tls)) }
                    try handlers.addHandler(
                        Connection { request in
                            holder.withLock { $0?.note(request) }
                            return answer(request)
                        }
                    )
                    holder.withLock { _ = $0?.connected.add(1, ordering: .relaxed) }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let server = TestServer(channel: channel)
        holder.withLock { $0 = server }
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try? await channel.close()  // the test's own error says more
            throw error
        }
    }

    private init(channel: any Channel) {
        self.channel = channel
    }

    private func note(_ request: Request) {
        received.withLock { $0.append(request) }
    }
}

/// One connection: gathers bytes until they are a request, then does as it is told.
private final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (TestServer.Request) -> TestServer.Answer
    private var received = Data()

    init(_ answer: @escaping @Sendable (TestServer.Request) -> TestServer.Answer) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        while let request = takeRequest() {
            switch answer(request) {
            case .send(let text): send(text, context)
            case .sendAndClose(let text):
                send(text, context)
                context.close(promise: nil)
            case .flood(let head):
                send(head, context)
                flood(context)
            }
        }
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    private func flood(_ context: ChannelHandlerContext) {
        let part = wrapOutboundOut(ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(part).whenSuccess {
            bound.value.flood(boundContext.value)
        }
    }

    /// Clients cut off connections; that is no news here.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func takeRequest() -> TestServer.Request? {
        guard let headEnd = received.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<headEnd.lowerBound], as: UTF8.self)
            .split(separator: "\r\n")
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (
                name: String(parts[0]),
                value: parts.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
            )
        }
        let length =
            headers.first { $0.name.lowercased() == "content-length" }
            .flatMap { Int($0.value) } ?? 0
        let end = headEnd.upperBound + length
        guard received.endIndex >= end else { return nil }
        let body = Data(received[headEnd.upperBound..<end])
        received = Data(received[end...])
        return TestServer.Request(line: String(lines[0]), headers: headers, body: body)
    }
}
