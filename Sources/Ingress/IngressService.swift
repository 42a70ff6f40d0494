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
            ConnectionRegistry(connectionsMost: Self.connectionsMost()),
            eventLoop: eventLoop
        )
        let listener = try await listen(registry)
        let health = try await listenForHealth()
        let sweeping = eventLoop.scheduleRepeatedTask(
            initialDelay: IngressLimits.sweep,
            delay: IngressLimits.sweep
        ) { _ in registry.value.sweep(now: .now()) }

        try await withThrowingTaskGroup(of: Part.self) { group in
            // On the store's own thread: a commit costs no further thread switches.
            group.addTask(executorPreference: store.executor) {
                try await shared.commit.run()
                return .commits
            }
            group.addTask {
                await stop(listener, registry, asToldBy: requests)
                return .stopRequests
            }
            // Commits end when the last request is answered, or with an error.
            for try await part in group where part == .commits { group.cancelAll() }
        }
        sweeping.cancel()
        try? await health?.close()  // already closed is closed
        logger.info("stopped")
    }

    /// As many as this process may open files for, having raised its limit as far as it may.
    private static func connectionsMost() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            preconditionFailure("getrlimit(RLIMIT_NOFILE) cannot fail: \(errno)")
        }
        var raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
            limit = raised
        }
        let descriptors = Int(clamping: limit.rlim_cur)
        return max(1, min(IngressLimits.connections, descriptors - IngressLimits.otherDescriptors))
    }

    /// What runs side by side while the ingress serves.
    private enum Part {
        case commits
        case stopRequests
    }

    /// First request: accept no more and answer what is in flight.
    ///
    /// Second: give up on that.
    private func stop(
        _ listener: any Channel,
        _ registry: NIOLoopBoundBox<ConnectionRegistry>,
        asToldBy requests: AsyncStream<StopRequest>
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for await request in requests {
                switch request {
                case .gracefully:
                    logger.info("stopping")
                    group.addTask {
                        try? await listener.close()  // already closed is closed
                        await drain(registry)
                        shared.commit.finish()
                    }
                case .now:
                    // A store that somebody holds would be waited for without end. What was
                    // acknowledged is stored, and nothing else was promised.
                    logger.warning("stopping at once")
                    _exit(ExitStatus.findings.rawValue)
                }
            }
        }
    }

    private func drain(_ registry: NIOLoopBoundBox<ConnectionRegistry>) async {
        await withCheckedContinuation { continuation in
            eventLoop.execute {
                registry.value.stop { continuation.resume() }
            }
        }
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
                try pipeline.addHandler(IdleStateHandler(allTimeout: IngressLimits.head))
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
