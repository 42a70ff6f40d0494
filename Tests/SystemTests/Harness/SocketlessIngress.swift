import Doorbell
import Gitea
import Logging
import NIOCore
import NIOEmbedded
import QueueCore
import Settings

@testable import Ingress

/// An ingress without sockets, whose commits never run and whose time is what it is told.
struct SocketlessIngress {
    static let bodyBytesMax = 1 << 20

    let service: IngressService.Shared
    let registry = ConnectionRegistry(connectionsMost: 100)
    private let eventLoop = EmbeddedEventLoop()

    init(store: SQLiteStore, path: String) {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        service = IngressService.Shared(
            sources: Sources([
                SourceSettings(
                    secrets: [Secret(id: "test", file: "", key: Array("s3cret".utf8))],
                    maxBodyBytes: Self.bodyBytesMax
                )
            ]),
            commit: GroupCommit(
                opening: StoreOpening(store, path: path),
                spool: .none,
                eventLoop: eventLoop,
                doorbell: { try Doorbell(stateFolder: "/" + folder) },
                logger: logger
            ),
            clocks: .system,
            logger: logger
        )
    }

    /// A connection from 127.0.0.1.
    func connect() throws -> SocketlessConnection {
        try SocketlessConnection(service, registry, eventLoop)
    }
}

/// One connection as the ingress sees it.
struct SocketlessConnection {
    private let channel: EmbeddedChannel
    private let registry: ConnectionRegistry
    private let eventLoop: EmbeddedEventLoop

    /// Keeps a channel open whose output alone is closed.
    private final class OutputStaysOpen: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        func close(
            context: ChannelHandlerContext,
            mode: CloseMode,
            promise: EventLoopPromise<Void>?
        ) {
            guard mode == .all else { return }
            context.close(promise: promise)
        }
    }

    fileprivate init(
        _ service: IngressService.Shared,
        _ registry: ConnectionRegistry,
        _ eventLoop: EmbeddedEventLoop
    ) throws {
        self.registry = registry
        self.eventLoop = eventLoop
        channel = EmbeddedChannel(loop: eventLoop)
        // It has no half of a connection to close.
        try channel.pipeline.syncOperations.addHandler(OutputStaysOpen())
        try RequestHandler.install(on: channel, service: service, registry: registry)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    var isOpen: Bool { channel.isActive }

    func receive(_ bytes: [UInt8]) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func receive(_ text: String) throws {
        try receive(Array(text.utf8))
    }

    /// What is sent when so much time has passed since now.
    func sent(after time: TimeAmount = .zero) -> String {
        registry.sweep(now: .now() + time)
        eventLoop.run()
        var text = ""
        // Whatever is no bytes was never sent.
        while let part = try? channel.readOutbound(as: ByteBuffer.self) {
            text += String(buffer: part)
        }
        return text
    }

    func end() throws {
        if isOpen { _ = try channel.finish(acceptAlreadyClosed: true) }
    }
}
