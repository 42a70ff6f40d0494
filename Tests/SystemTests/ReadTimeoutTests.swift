import Doorbell
import Gitea
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import QueueCore
import TestSupport
import Testing

@testable import Ingress

/// The deadlines of one connection, on a channel without a socket: time is what `sweep` is told.
@Suite
struct ReadTimeoutTests {
    @Test
    func `a head that does not end in 10 seconds is 408`() async throws {
        try await withConnection { connection in
            try connection.receive("POST /hooks/gitea HTTP/1.1\r\nHost: lo")
            #expect(connection.sent(after: .seconds(9)) == "")
            // A byte now and then gains no time.
            try connection.receive("calhost\r\n")
            #expect(connection.sent(after: .seconds(11)).hasPrefix("HTTP/1.1 408 "))
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a body that does not end in 30 seconds is 408`() async throws {
        try await withConnection { connection in
            let request = Request()
            try connection.receive(request.head + request.body.prefix(20))
            #expect(connection.sent(after: .seconds(29)) == "")
            try connection.receive(Array(request.body.dropFirst(20).prefix(20)))
            let answer = connection.sent(after: .seconds(31))
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(
                answer.contains("\r\n\r\n{\"status\":\"error\",\"error\":\"the request did not")
            )
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a connection that never says a word is closed after 10 seconds`() async throws {
        try await withConnection { connection in
            #expect(connection.sent(after: .seconds(9)) == "")
            #expect(connection.isOpen)
            #expect(connection.sent(after: .seconds(11)) == "")
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `between two requests a connection is kept for 5 minutes`() async throws {
        try await withConnection { connection in
            try connection.receive("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(connection.sent(after: .seconds(299)).hasPrefix("HTTP/1.1 404 "))
            #expect(connection.isOpen)
            #expect(connection.sent(after: .seconds(301)) == "")
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a refused body is read for 10 seconds`() async throws {
        try await withConnection { connection in
            let request = Request().with {
                $0.set("Content-Length", "\(connection.bodyBytesMax + 1)")
            }
            try connection.receive(request.head)
            #expect(connection.sent(after: .seconds(9)).hasPrefix("HTTP/1.1 413 "))
            #expect(connection.isOpen)
            _ = connection.sent(after: .seconds(11))
            #expect(!connection.isOpen)
        }
    }

    @Test
    func `a delivery that no commit takes in 3 seconds is 503 and withdrawn`() async throws {
        try await withConnection { connection in
            try connection.receive(Request().bytes)
            #expect(connection.sent(after: .seconds(2)) == "")
            #expect(connection.sent(after: .seconds(4)).hasPrefix("HTTP/1.1 503 "))
            #expect(connection.isOpen)
            // The next request on the connection has time of its own.
            try connection.receive("POST /")
            #expect(connection.sent(after: .seconds(9)) == "")
        }
    }

    /// Gives a test a connection to an ingress whose commits never run.
    private func withConnection(_ body: (Connection) throws -> Void) async throws {
        try await withStore { store, path in
            let connection = try Connection(store: store, path: path)
            try body(connection)
            try connection.end()
        }
    }

    /// One connection as the ingress sees it.
    private struct Connection {
        let bodyBytesMax = 1 << 20
        private let channel = EmbeddedChannel()
        private let registry = ConnectionRegistry(connectionsMost: 100)

        init(store: SQLiteStore, path: String) throws {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let service = IngressService.Shared(
                source: Source(
                    name: "default",
                    path: "/hooks/gitea",
                    keys: [Request.key],
                    bodyBytesMax: bodyBytesMax
                ),
                commit: GroupCommit(
                    store: store,
                    eventLoop: channel.eventLoop,
                    doorbell: try Doorbell(stateFolder: "/" + folder),
                    logger: logger
                ),
                store: store,
                clocks: .system,
                logger: logger
            )
            let handler = RequestHandler(service: service, registry: registry)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(FirstByte(handler: handler))
            try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
            try pipeline.addHandler(handler)
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
        func sent(after time: TimeAmount) -> String {
            registry.sweep(now: .now() + time)
            channel.embeddedEventLoop.run()
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
}
