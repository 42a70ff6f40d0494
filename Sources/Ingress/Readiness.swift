import NIOCore
import Program

/// Says that the ingress is ready, once it is.
struct Readiness: Sendable {
    let commit: GroupCommit
    let link: SupervisorLink

    /// To be called when connections are accepted: waits until what they bring can be kept.
    func announce() async {
        guard link.isConnected else { return }
        while !Task.isCancelled {
            // It only ever succeeds.
            switch try? await commit.proveReady().get() {
            case .store:
                link.ready("accepting deliveries")
                return
            case .spool(let reason):
                link.ready("accepting deliveries into the spool: \(reason)")
                return
            case .notReady(let reason):
                // Deliveries are answered 503 meanwhile; a restart would answer nothing better.
                link.needsTime(Self.interval * 15, "not ready: \(reason)")
            case nil:
                return
            }
            // Cancelled: the service ends.
            guard (try? await Task.sleep(for: Self.interval)) != nil else { return }
        }
    }

    private static let interval = Duration.seconds(1)
}
