import Foundation
import Logging
import NIOCore
import Program

/// How an ingress comes to its end.
struct Stopping: Sendable {
    let listeners: [any Channel]
    let presence: Presence
    let registry: NIOLoopBoundBox<ConnectionRegistry>
    let eventLoop: any EventLoop
    let commit: GroupCommit
    let link: SupervisorLink
    let logger: Logger

    /// First request: accept no more and answer what is in flight.
    ///
    /// Second: give up on that.
    func run(_ requests: AsyncStream<StopRequest>) async {
        await withTaskGroup(of: Void.self) { group in
            for await request in requests {
                switch request {
                case .gracefully:
                    link.stopping()
                    logger.info("stopping")
                    group.addTask {
                        for listener in listeners {
                            try? await listener.close()  // already closed is closed
                        }
                        presence.end()
                        await drain()
                        commit.finish()
                    }
                case .now:
                    // A store that somebody holds would be waited for without end. What was
                    // acknowledged is stored, and nothing else was promised.
                    logger.warning("stopping at once")
                    ExitStatus.findings.endProcess()
                }
            }
        }
    }

    private func drain() async {
        await withCheckedContinuation { continuation in
            eventLoop.execute {
                registry.value.stop { continuation.resume() }
            }
        }
    }
}
