import Glibc
package import Logging
package import NIOCore
import QueueCore
import Telemetry

/// On a listening socket: what happens when this process or the machine has no descriptor, or no
/// memory, for one more connection.
///
/// The connection waits in the kernel, and one that is of no use goes for it. Tried again soon, but
/// not at once: the socket stays readable, and the event loop would do nothing else.
package final class AcceptShortage: ChannelInboundHandler {
    package typealias InboundIn = any Channel

    private let port: String
    private let makeRoom: () -> Bool
    private let shortages: SampledLog

    /// Adds what deals with it to a listener's pipeline.
    ///
    /// - Parameters:
    ///   - listener: the listening socket.
    ///   - port: the key of the configuration that it is opened by.
    ///   - logger: told of it, every ten seconds at most.
    ///   - makeRoom: closes a connection that can be spared, and says whether there was one.
    /// - Throws: when the listener is closed.
    package static func install(
        on listener: any Channel,
        port: String,
        logger: Logger,
        makeRoom: @escaping () -> Bool
    ) throws {
        let backoff = AcceptBackoffHandler { _ in HealthLimits.acceptBackoff }
        let shortage = AcceptShortage(port, logger, makeRoom)
        try listener.pipeline.syncOperations.addHandlers([backoff, shortage])
    }

    private init(_ port: String, _ logger: Logger, _ makeRoom: @escaping () -> Bool) {
        self.port = port
        self.makeRoom = makeRoom
        shortages = SampledLog(logger, every: HealthLimits.shortageLogInterval)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Gone again before it was accepted: nobody misses it.
        guard let error = error as? IOError, error.errnoCode != ECONNABORTED else { return }
        let hasRoom = makeRoom()
        shortages.log(.warning, "cannot accept a connection, trying again") {
            [
                "port": "\(port)", "error": "\(Self.reason(error.errnoCode))",
                "idle.closed": "\(hasRoom)",
            ]
        }
    }

    private static func reason(_ number: Int32) -> String {
        let text = systemError(number)
        return switch number {
        case EMFILE: "\(text): this process may have no more (LimitNOFILE=, ulimit -n)"
        case ENFILE: "\(text): the machine may have no more (fs.file-max)"
        default: text
        }
    }
}
