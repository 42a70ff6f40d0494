import Synchronization

/// The work loop's hand on a running request: to stop it is to cancel its task.
///
/// The receiver may act on a request that was cancelled; it is told of the attempt, and whoever
/// asks learns that the attempt no longer counts.
final class HTTPControl: AttemptControl {
    private struct State {
        var reason: StopReason?
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// The first reason for which it was told to stop.
    var reason: StopReason? { state.withLock(\.reason) }

    /// Takes over the task that runs the attempt; an order may have come before.
    func attach(_ task: Task<Void, Never>) {
        let isStopped = state.withLock { state in
            state.task = task
            return state.reason != nil
        }
        if isStopped { task.cancel() }
    }

    func stop(_ reason: StopReason, kill: Bool) {
        let task = state.withLock { state in
            state.reason = state.reason ?? reason
            return state.task
        }
        task?.cancel()
    }
}
