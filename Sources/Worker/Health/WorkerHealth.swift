import Glibc
import Health
import Logging
import NIOCore
import Program
import QueueCore
import Settings
import Telemetry

/// The worker's health port: what it counts, how the queue stands, and whether its loop comes round.
struct WorkerHealth {
    let address: HostPort?
    let store: StoreMetrics
    let queue: QueueMetrics
    let logger: Logger

    /// Opens the port.
    ///
    /// One that is taken is a warning: several workers may share a configuration on one machine,
    /// and work matters more than its figures. Who wants those of each gives each a port.
    ///
    /// - Returns: nil when there is none.
    func open(
        _ metrics: WorkerMetrics,
        _ standing: WorkerStanding,
        storeID: String,
        openBreakers: @escaping @Sendable () -> [HandlerName: Bool]
    ) async -> (any Channel)? {
        guard let address else { return nil }
        let all =
            metrics.all(openBreakers: openBreakers) + queue.all + store.all + [LogOutput.dropped]
            + ProcessMetrics.all(program: "worker", version: ProgramVersion.current)
        let port = HealthPort(
            store: { storeID },
            readiness: { standing.readiness },
            metrics: all,
            refresh: { [queue] in await queue.refresh() }
        )
        do {
            let listener = try await port.listen(
                host: address.host,
                port: address.port,
                key: "worker.health",
                logger: logger
            )
            let bound = listener.localAddress?.port ?? address.port
            logger.info(
                "metrics and health",
                metadata: ["address": "\(HostPort(host: address.host, port: bound))"]
            )
            return listener
        } catch {
            let code = (error as? IOError)?.errnoCode
            var metadata: Logger.Metadata = [
                "address": "\(address)", "error": "\(code.map { systemError($0) } ?? "\(error)")",
            ]
            if code == EADDRINUSE, let holder = PortHolder(of: address) {
                metadata["held.by"] = "\(holder.text)"
            }
            logger.warning(
                "no health port: cannot listen; is another worker running? see worker.health",
                metadata: metadata
            )
            return nil
        }
    }
}
