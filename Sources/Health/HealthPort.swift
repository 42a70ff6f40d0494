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
    private let connections = Atomic(0)

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
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(IdleStateHandler(allTimeout: HealthLimits.idle))
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        try pipeline.addHandler(HealthHandler(port: self))
    }

    /// Listens on an address of its own, until the channel is closed.
    package func listen(host: String, port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel) }
            }
            .bind(host: host, port: port)
            .get()
    }

    /// - Returns: false when there are too many connections.
    func enter() -> Bool {
        connections.wrappingAdd(1, ordering: .relaxed).newValue <= HealthLimits.connections
    }

    func leave() {
        connections.wrappingSubtract(1, ordering: .relaxed)
    }
}

/// Numbers that are decisions, each with its reason.
package enum HealthLimits {
    /// A connection that neither asks nor takes its answer.
    static let idle = TimeAmount.seconds(10)

    /// Connections at once: a few probes and scrapers, out of the descriptors that are not for
    /// deliveries.
    static let connections = 32

    /// How long `/readyz` waits: below the timeouts of those who probe, as for a delivery.
    package static let patience = TimeAmount.seconds(3)

    /// How long `/metrics` waits for what has to be looked up.
    static let refresh = TimeAmount.seconds(2)
}
