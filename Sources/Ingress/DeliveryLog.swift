import Logging
import QueueCore
import Telemetry

/// A line for each delivery that was kept, so that its id's story begins here; under load only so
/// many, and at level `debug` all of them.
struct DeliveryLog: Sendable {
    private let logger: Logger
    private let sampled: SampledLog

    init(_ logger: Logger) {
        self.logger = logger
        sampled = SampledLog(
            logger,
            lines: IngressLimits.deliveryLogLines,
            every: IngressLimits.deliveryLogWindow
        )
    }

    /// A batch is in the store.
    func stored(_ deliveries: some Sequence<Delivery>, _ acceptances: [Acceptance]) {
        for (delivery, acceptance) in zip(deliveries, acceptances) {
            switch acceptance {
            case .accepted(let seq): log("delivery accepted", delivery, seq)
            case .duplicate(let seq): log("delivery known, counted as duplicate", delivery, seq)
            case .conflict(let seq): log("delivery known with other bytes, refused", delivery, seq)
            }
        }
    }

    /// A batch is in the spool.
    func spooled(_ deliveries: some Sequence<Delivery>) {
        for delivery in deliveries { log("delivery spooled", delivery, nil) }
    }

    private func log(_ message: Logger.Message, _ delivery: Delivery, _ seq: DeliverySeq?) {
        let metadata = { () -> Logger.Metadata in
            var metadata: Logger.Metadata = [
                "delivery.id": "\(delivery.id)", "event.type": "\(delivery.eventType)",
                "source": "\(delivery.source)", "remote": "\(delivery.remote)",
            ]
            if let seq { metadata["delivery.seq"] = "\(seq)" }
            return metadata
        }
        if logger.logLevel <= .debug {
            logger.info(message, metadata: metadata())
        } else {
            sampled.log(.info, message, metadata: metadata)
        }
    }
}
