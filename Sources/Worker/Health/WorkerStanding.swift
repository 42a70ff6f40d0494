import Health
import QueueCore
import Synchronization

/// Whether a worker does its work, as its loop last said.
final class WorkerStanding: Sendable {
    private struct State {
        var cameRound: MonotonicTime?
        var trouble: String?
        var isStopping = false
    }

    private let state = Mutex(State())
    private let clocks: Clocks

    init(clocks: Clocks) {
        self.clocks = clocks
    }

    /// The loop looks four times a second; a store that is locked may hold it up for some seconds.
    private static let patience = Duration.seconds(30)

    /// One look is done; with what was wrong with the store, if anything.
    func cameRound(trouble: StoreError?, isStopping: Bool) {
        let now = clocks.monotonic()
        state.withLock {
            $0 = State(cameRound: now, trouble: trouble?.description, isStopping: isStopping)
        }
    }

    var readiness: HealthPort.Readiness {
        let now = clocks.monotonic()
        return state.withLock { state in
            guard let cameRound = state.cameRound else { return .notReady("starting") }
            if state.isStopping { return .notReady("stopping") }
            if let trouble = state.trouble { return .notReady(trouble) }
            guard now < cameRound + Self.patience else {
                return .notReady("the work loop has not come round for long")
            }
            return .ready
        }
    }
}
