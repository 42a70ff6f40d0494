import Glibc
import Logging
import NIOCore
import Telemetry

/// On a listening socket: what happens when this process or the machine has no descriptor, or no
/// memory, for one more connection.
///
/// The connection waits in the kernel, and one that is idle goes for it. Tried again soon, but not
/// at once: the socket stays readable, and the event loop would do nothing else.
final class AcceptShortage: ChannelInboundHandler {
    typealias InboundIn = Channel

    private let registry: ConnectionRegistry
    private let shortages: SampledLog

    /// Adds what deals with it to a listener's pipeline.
    static func install(
        on listener: any Channel,
        _ registry: ConnectionRegistry,
        logger: Logger
    ) throws {
        let backoff = AcceptBackoffHandler { _ in IngressLimits.acceptBackoff }
        let shortage = AcceptShortage(registry, logger: logger)
        try listener.pipeline.syncOperations.addHandlers([backoff, shortage])
    }

    private init(_ registry: ConnectionRegistry, logger: Logger) {
        self.registry = registry
        shortages = SampledLog(logger, every: IngressLimits.refusalLogInterval)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Gone again before it was accepted: nobody misses it.
        guard let error = error as? IOError, error.errnoCode != ECONNABORTED else { return }
        let hasRoom = registry.makeRoom()
        shortages.log(.warning, "cannot accept a connection, trying again") {
            ["error": "\(error)", "idle.closed": "\(hasRoom)"]
        }
    }
}
