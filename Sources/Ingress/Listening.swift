import Health
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Program
import QueueCore
import Settings

/// Opens the ports of the ingress: its own, or those that the service manager holds open for it.
struct Listening: Sendable {
    private let settings: IngressSettings
    private let passed: PassedPorts
    private let tls: TLSIdentity?
    private let shared: IngressService.Shared
    private let eventLoop: any EventLoop
    private let logger: Logger

    init(
        settings: IngressSettings,
        passed: PassedPorts,
        tls: TLSIdentity?,
        shared: IngressService.Shared,
        eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.settings = settings
        self.passed = passed
        self.tls = tls
        self.shared = shared
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// Takes deliveries from now on.
    func openHooks(_ registry: NIOLoopBoundBox<ConnectionRegistry>) async throws -> [any Channel] {
        let (shared, tls) = (shared, tls)
        let listeners = try await open(
            settings.listen,
            passed.hooks,
            key: "ingress.listen",
            registry
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                // Outermost: all else is about what was encrypted.
                if let tls {
                    let encryption = NIOSSLServerHandler(context: tls.context)
                    try channel.pipeline.syncOperations.addHandler(encryption)
                }
                try RequestHandler.install(on: channel, service: shared, registry: registry.value)
            }
        }
        for listener in listeners {
            var metadata: Logger.Metadata = [
                "address": "\(Self.text(listener.localAddress))",
                "path": "\(settings.sources.map(\.path).joined(separator: ","))",
                "version": "\(ProgramVersion.current)",
                "secrets": "\(settings.secretIDs)",
            ]
            if tls != nil { metadata["tls"] = "yes" }
            if !passed.hooks.isEmpty {
                metadata["socket"] = "passed, ingress.listen does not count"
            }
            logger.info("listening", metadata: metadata)
        }
        return listeners
    }

    /// Answers about its health from now on; nil when nobody is to ask.
    func openHealth(
        _ registry: NIOLoopBoundBox<ConnectionRegistry>,
        store: StoreMetrics,
        queue: QueueMetrics
    ) async throws -> (any Channel)? {
        let sockets = passed.health.map { [$0] } ?? []
        guard let address = settings.health ?? (sockets.isEmpty ? nil : settings.listen) else {
            return nil
        }
        let port = HealthPort(shared, registry, store: store, queue: queue)
        let listener = try await open(address, sockets, key: "ingress.health", registry) {
            channel in
            channel.eventLoop.makeCompletedFuture { try port.addHandlers(to: channel) }
        }.first
        var metadata: Logger.Metadata = ["address": "\(Self.text(listener?.localAddress))"]
        if !sockets.isEmpty { metadata["socket"] = "passed, ingress.health does not count" }
        logger.info("health", metadata: metadata)
        return listener
    }

    /// - Returns: a listener for each socket that was passed; without any, one for the address.
    private func open(
        _ address: HostPort,
        _ sockets: [PassedSocket],
        key: String,
        _ registry: NIOLoopBoundBox<ConnectionRegistry>,
        _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws -> [any Channel] {
        guard sockets.isEmpty else {
            var listeners: [any Channel] = []
            for socket in sockets {
                listeners.append(try await adopt(socket, key, registry, initialize))
            }
            return listeners
        }
        do {
            let listener = try await bootstrap(key, registry, initialize)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: address.host, port: address.port)
                .get()
            return [listener]
        } catch {
            throw Failure(
                cannotListenOn: address,
                Self.reason(error),
                code: (error as? IOError)?.errnoCode,
                key: key
            )
        }
    }

    private func adopt(
        _ socket: PassedSocket,
        _ key: String,
        _ registry: NIOLoopBoundBox<ConnectionRegistry>,
        _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws -> any Channel {
        var bootstrap = bootstrap(key, registry, initialize)
        if !socket.isLocal {
            bootstrap = bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        do {
            let listener = try await bootstrap.withBoundSocket(socket.descriptor).get()
            // NIO has just asked for a backlog of 128 (ServerSocketChannel); the last call counts.
            _ = listen(socket.descriptor, IngressLimits.backlog)
            return listener
        } catch {
            throw Failure(
                .unavailable,
                "cannot use the passed socket '\(socket.name)': \(Self.reason(error))"
            )
        }
    }

    private func bootstrap(
        _ key: String,
        _ registry: NIOLoopBoundBox<ConnectionRegistry>,
        _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> ServerBootstrap {
        let logger = logger
        return ServerBootstrap(group: eventLoop)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    let registry = registry.value
                    try AcceptShortage.install(on: listener, port: key, logger: logger) {
                        registry.makeRoom()
                    }
                }
            }
            .serverChannelOption(.backlog, value: IngressLimits.backlog)
            .childChannelInitializer(initialize)
    }

    /// What the system says, without the name of the call.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return String(describing: error) }
        return systemError(error.errnoCode)
    }

    private static func text(_ address: SocketAddress?) -> String {
        guard let address else { return "?" }
        guard let host = address.ipAddress, let port = address.port else {
            return "unix:\(address.pathname ?? "")"
        }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
