package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
package import Telemetry

/// The health port of a program.
///
/// `GET /healthz`: the process answers. `GET /readyz`: it can do its work, or why not, and which
/// store it is about.
/// `GET /metrics`: the text format of Prometheus.
package final class HealthPort: Sendable {
    /// Whether the program can do its work.
    package enum Readiness: Equatable, Sendable {
        case ready
        /// With less than the usual: what stands in, and the reason, in words.
        case standIn(String, reason: String)
        /// With the reason, in words.
        case notReady(String)
    }

    let store: @Sendable () -> String?
    let readiness: @Sendable () async -> Readiness
    let refresh: @Sendable () async -> Void
    private let metrics: [any Metric]
    private let connections = Mutex(Connections())

    /// Those that are open, the oldest first.
    private struct Connections {
        struct One {
            var number: Int
            var channel: any Channel
            var hasAsked = false
        }

        var next = 0
        var open: [One] = []

        /// Takes one out: the oldest that has not asked yet, or the oldest.
        mutating func takeDispensable() -> (any Channel)? {
            guard !open.isEmpty else { return nil }
            return open.remove(at: open.firstIndex { !$0.hasAsked } ?? 0).channel
        }
    }

    /// A port that is not open yet.
    ///
    /// - Parameters:
    ///   - store: the uuid of the store that `/readyz` is about; nil while that is not known.
    ///   - readiness: asked for each `/readyz`; given up on after ``HealthLimits/patience``.
    ///   - metrics: what `/metrics` shows.
    ///   - refresh: called before, for what has to be looked up; given up on after
    ///     ``HealthLimits/refresh``, and then the rest is shown.
    package init(
        store: @escaping @Sendable () -> String?,
        readiness: @escaping @Sendable () async -> Readiness,
        metrics: [any Metric],
        refresh: @escaping @Sendable () async -> Void
    ) {
        self.store = store
        self.readiness = readiness
        self.metrics = metrics
        self.refresh = refresh
    }

    /// What `/metrics` answers now.
    var exposition: String { Exposition(metrics).text }

    /// Makes a connection one of this port's.
    package func addHandlers(to channel: any Channel) throws {
        // A client that closes its sending side still gets its answer.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        let handler = HealthHandler(port: self)
        try channel.pipeline.syncOperations.addHandlers([
            FirstRequest(handler), HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)), handler,
        ])
    }

    /// Listens on an address of its own, until the channel is closed.
    ///
    /// - Parameters:
    ///   - host: an address or a name.
    ///   - port: 0 lets the system choose.
    ///   - key: where the configuration says so.
    ///   - logger: told when connections cannot be accepted.
    /// - Returns: the listener.
    /// - Throws: when the address cannot be listened on.
    package func listen(
        host: String,
        port: Int,
        key: String,
        logger: Logger
    ) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { [self] listener in
                listener.eventLoop.makeCompletedFuture {
                    try AcceptShortage.install(on: listener, port: key, logger: logger) { [self] in
                        makeRoom()
                    }
                }
            }
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel) }
            }
            .bind(host: host, port: port)
            .get()
    }

    /// Takes a connection in; when there are too many, another one goes for it.
    ///
    /// Whoever connects and asks nothing keeps nobody out so: an honest request is there at once.
    ///
    /// - Returns: names it.
    func enter(_ channel: any Channel) -> Int {
        let (number, dispensable) = connections.withLock { connections -> (Int, (any Channel)?) in
            let isFull = connections.open.count >= HealthLimits.connections
            let dispensable = isFull ? connections.takeDispensable() : nil
            connections.next += 1
            connections.open.append(.init(number: connections.next, channel: channel))
            return (connections.next, dispensable)
        }
        dispensable?.close(promise: nil)
        return number
    }

    /// Notes that a connection's request is whole.
    func noteRequest(of number: Int) {
        connections.withLock { connections in
            guard let place = connections.open.firstIndex(where: { $0.number == number }) else {
                return
            }
            connections.open[place].hasAsked = true
        }
    }

    func leave(_ number: Int) {
        connections.withLock { connections in
            connections.open.removeAll { $0.number == number }
        }
    }

    /// - Returns: whether a connection was closed, whose descriptor another one may have.
    private func makeRoom() -> Bool {
        let dispensable = connections.withLock { $0.takeDispensable() }
        dispensable?.close(promise: nil)
        return dispensable != nil
    }
}

/// Numbers that are decisions, each with its reason.
package enum HealthLimits {
    /// From the connection to the end of its request, however slowly its bytes come.
    static let request = TimeAmount.seconds(10)

    /// From there to the end of the answer, which the client has to take.
    static let answer = TimeAmount.seconds(10)

    /// When no connection could be accepted, the next attempt is so much later.
    static let acceptBackoff = TimeAmount.milliseconds(50)

    /// How often it is logged that no connection could be accepted, at most.
    static let shortageLogInterval = Duration.seconds(10)

    /// Connections at once: a few probes and scrapers, out of the descriptors that are not for
    /// deliveries.
    static let connections = 32

    /// How long `/readyz` waits: below the timeouts of those who probe, as for a delivery.
    package static let patience = TimeAmount.seconds(3)

    /// How long `/metrics` waits for what has to be looked up.
    static let refresh = TimeAmount.seconds(2)
}
