import Doorbell
import Foundation
import Gitea
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Program
import QueueCore
import Settings
import Synchronization

/// The ingress as a whole: one event loop for sockets, the store's thread for commits.
struct IngressService {
    /// What all connections use.
    ///
    /// One event loop calls it.
    final class Shared: Sendable {
        let source: Source
        let commit: GroupCommit
        let store: any QueueStore
        let clocks: Clocks
        private let logger: Logger
        private let refusals = Mutex((lastLogged: NIODeadline.uptimeNanoseconds(0), count: 0))

        init(
            source: Source,
            commit: GroupCommit,
            store: any QueueStore,
            clocks: Clocks,
            logger: Logger
        ) {
            self.source = source
            self.commit = commit
            self.store = store
            self.clocks = clocks
            self.logger = logger
        }

        /// Counted per source and hour, so that a lost event is not lost in silence.
        func noteTooLarge(from remote: String) {
            commit.note(
                Incident(
                    kind: .bodyTooLarge,
                    source: source.name,
                    subject: String(clocks.now().rfc3339.prefix(13)),
                    detail: "a body over \(source.bodyBytesMax) bytes from \(remote) was refused: "
                        + "raise ingress.max_body"
                )
            )
        }

        /// Sampled: a prober must not fill the log.
        func noteUnauthorized(from remote: String) {
            let toLog = refusals.withLock { refusals -> Int? in
                refusals.count += 1
                let now = NIODeadline.now()
                guard now >= refusals.lastLogged + IngressLimits.refusalLogInterval else {
                    return nil
                }
                refusals.lastLogged = now
                defer { refusals.count = 0 }
                return refusals.count
            }
            guard let toLog else { return }
            logger.warning(
                "signature missing or wrong",
                metadata: ["remote": "\(remote)", "since.last.log": "\(toLog)"]
            )
        }
    }

    private let settings: IngressSettings
    private let shared: Shared
    private let store: any QueueStore
    private let eventLoop: any EventLoop
    private let logger: Logger

    init(
        settings: IngressSettings,
        stateFolder: String,
        store: any QueueStore,
        logger: Logger
    ) throws {
        self.settings = settings
        self.store = store
        self.logger = logger
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        shared = Shared(
            source: Source(
                name: "default",
                path: settings.path,
                keys: settings.secrets.map { SigningKey(id: $0.id, key: $0.key) },
                bodyBytesMax: settings.maxBodyBytes
            ),
            commit: GroupCommit(
                store: store,
                eventLoop: eventLoop,
                doorbell: try Doorbell(stateFolder: stateFolder),
                logger: logger
            ),
            store: store,
            clocks: .system,
            logger: logger
        )
    }

    /// Serves until asked to stop: then accepts no more, answers what is in flight, and returns
    /// when all of it is stored.
    func run(until requests: AsyncStream<StopRequest>) async throws {
        let registry = NIOLoopBoundBox.makeBoxSendingValue(
            ConnectionRegistry(),
            eventLoop: eventLoop
        )
        let listener = try await listen(registry)
        let health = try await listenForHealth()
        let sweeping = eventLoop.scheduleRepeatedTask(
            initialDelay: IngressLimits.sweep,
            delay: IngressLimits.sweep
        ) { _ in registry.value.sweep(now: .now()) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            // On the store's own thread: a commit costs no further thread switches.
            group.addTask(executorPreference: store.executor) { try await shared.commit.run() }
            group.addTask {
                for await _ in requests { break }
                logger.info("stopping")
                try? await listener.close()  // already closed is closed
                try await drain(registry)
                shared.commit.finish()
            }
            // Whichever ends with an error ends the other.
            try await group.waitForAll()
        }
        sweeping.cancel()
        try? await health?.close()  // already closed is closed
        logger.info("stopped")
    }

    private func drain(_ registry: NIOLoopBoundBox<ConnectionRegistry>) async throws {
        let empty = eventLoop.makePromise(of: Void.self)
        eventLoop.execute {
            registry.value.stop { empty.succeed() }
        }
        try await empty.futureResult.get()
    }

    private func listen(
        _ registry: NIOLoopBoundBox<ConnectionRegistry>
    ) async throws -> any Channel {
        let shared = self.shared
        let listener = try await bind(settings.listen, key: "ingress.listen") { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = RequestHandler(service: shared, registry: registry.value)
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(FirstByte(handler: handler))
                try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                try pipeline.addHandler(handler)
            }
        }
        logger.info(
            "listening",
            metadata: [
                "address": "\(Self.text(listener.localAddress))", "path": "\(settings.path)",
                "version": "\(ProgramVersion.current)",
                "secrets": "\(settings.secrets.map(\.id).joined(separator: ","))",
            ]
        )
        return listener
    }

    private func listenForHealth() async throws -> (any Channel)? {
        guard let address = settings.health else { return nil }
        let shared = self.shared
        let listener = try await bind(address, key: "ingress.health") { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                try pipeline.addHandler(HealthHandler(service: shared))
            }
        }
        logger.info(
            "health",
            metadata: ["address": "\(Self.text(listener.localAddress))"]
        )
        return listener
    }

    private func bind(
        _ address: HostPort,
        key: String,
        _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws -> any Channel {
        do {
            return try await ServerBootstrap(group: eventLoop)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .childChannelInitializer(initialize)
                .bind(host: address.host, port: address.port)
                .get()
        } catch {
            throw Failure(
                .unavailable,
                "cannot listen on \(address): \(Self.reason(error))",
                hint: "Is another samovar-ingress running? Otherwise change \(key)."
            )
        }
    }

    /// What the system says, without the name of the call.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return String(describing: error) }
        return unsafe String(cString: strerror(error.errnoCode))
    }

    private static func text(_ address: SocketAddress?) -> String {
        guard let address, let host = address.ipAddress, let port = address.port else { return "?" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
