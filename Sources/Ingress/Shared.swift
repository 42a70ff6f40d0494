import Logging
import NIOCore
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
        private let refusals: SampledLog

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
            refusals = SampledLog(logger, every: IngressLimits.refusalLogInterval)
        }

        /// What counts now; a request goes on with what counted at its head.
        var sources: Sources { current.withLock(\.self) }

        /// Counts for every request whose head comes from now on.
        func replace(sources: Sources) {
            current.withLock { $0 = sources }
        }

        /// Counted per source and hour, so that a lost event is not lost in silence.
        func noteTooLarge(from remote: String, at source: Source) {
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
            refusals.log(.warning, "signature missing or wrong") { ["remote": "\(remote)"] }
        }
    }
}
