import Synchronization

/// The work loop's hand on an attempt whose sender's trust is being asked: first on the question,
/// then on the handler.
final class TrustControl: AttemptControl {
    private struct State {
        var order: (reason: StopReason, kill: Bool)?
        var question: Task<Void, Never>?
        var handler: (any AttemptControl)?
    }

    private let state = Mutex(State())

    /// The first reason for which it was told to stop.
    var reason: StopReason? { state.withLock(\.order?.reason) }

    /// Takes over the task that asks; an order may have come before.
    func attach(_ question: Task<Void, Never>) {
        let isStopped = state.withLock { state in
            state.question = question
            return state.order != nil
        }
        if isStopped { question.cancel() }
    }

    /// Hands on to the handler, and with it an order that came meanwhile.
    ///
    /// Nil for a handler that never began: its end is in the inbox.
    func handOver(to handler: (any AttemptControl)?) {
        let order = state.withLock { state in
            state.handler = handler
            return state.order
        }
        if let order { handler?.stop(order.reason, kill: order.kill) }
    }

    func stop(_ reason: StopReason, kill: Bool) {
        let (question, handler) = state.withLock { state in
            state.order = (state.order?.reason ?? reason, kill || state.order?.kill == true)
            return (state.question, state.handler)
        }
        if let handler {
            handler.stop(reason, kill: kill)
        } else {
            // One that has handed over without a handler has ended.
            question?.cancel()
        }
    }
}
