import Logging
import NIOCore
import NIOSSL
import QueueCore
import Synchronization
import Telemetry

extension IngressService {
    /// What all connections use.
    ///
    /// One event loop calls it.
    final class Shared: Sendable {
        let commit: GroupCommit
        let metrics: IngressMetrics
        let clocks: Clocks
        private let current: Mutex<Sources>
        private let refusals: RefusalLog
        private let handshakes: SampledLog
        let losses: SampledLog

        init(
            sources: Sources,
            commit: GroupCommit,
            metrics: IngressMetrics = IngressMetrics(),
            clocks: Clocks,
            logger: Logger
        ) {
            current = Mutex(sources)
            self.commit = commit
            self.metrics = metrics
            self.clocks = clocks
            refusals = RefusalLog(logger)
            handshakes = SampledLog(logger, every: IngressLimits.refusalLogInterval)
            losses = SampledLog(
                logger,
                lines: IngressLimits.deliveryLogLines,
                every: IngressLimits.deliveryLogWindow
            )
        }

        /// What counts now; a request goes on with what counted at its head.
        var sources: Sources { current.withLock(\.self) }

        /// Counts for every request whose head comes from now on.
        func replace(sources: Sources) {
            current.withLock { $0 = sources }
        }

        /// Logs what ended a connection, if it was TLS: anything else is a peer that went away.
        ///
        /// One that goes without saying so is no failure either: its requests have lengths, and many
        /// clients never say it.
        func note(_ error: any Error, from remote: String) {
            guard error is NIOSSLError || error is BoringSSLError,
                error as? NIOSSLError != .uncleanShutdown
            else { return }
            handshakes.log(.info, "TLS failed") { ["error": "\(error)", "remote": "\(remote)"] }
        }

        /// Counts an answer, and logs it if it is a refusal.
        func note(
            _ answer: Answer,
            _ seen: SeenRequest,
            from remote: @autoclosure () -> String
        ) {
            metrics.count(answer)
            refusals.note(answer, seen, from: remote())
        }
    }
}
