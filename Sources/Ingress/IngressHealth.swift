import Health
import NIOCore
import Program
import QueueCore
import Telemetry

extension HealthPort {
    /// The ingress's: ready means that a delivery that came now would be kept.
    convenience init(
        _ shared: IngressService.Shared,
        _ registry: NIOLoopBoundBox<ConnectionRegistry>,
        store: StoreMetrics,
        queue: QueueMetrics
    ) {
        let commit = shared.commit
        self.init(
            // The spool knows it, too, while the store is away.
            store: { commit.opening.storeID ?? commit.spool?.store },
            readiness: {
                // It only ever succeeds.
                switch try? await commit.proveReady().get() {
                case .store: .ready
                case .spool(let reason): .standIn("spool", reason: reason)
                case .notReady(let reason): .notReady(reason)
                case nil: .notReady("the event loop is gone")
                }
            },
            metrics: shared.metrics.all(shared, registry) + queue.all + store.all
                + [LogOutput.dropped]
                + ProcessMetrics.all(program: "ingress", version: ProgramVersion.current),
            refresh: { await queue.refresh() }
        )
    }
}
