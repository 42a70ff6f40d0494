import QueueCore

/// A handler that runs now.
struct RunningAttempt: Sendable {
    var job: ClaimedJob
    /// Nil when it never began: its end is in the inbox.
    var control: (any AttemptControl)?
    /// Told of by whoever renews its lease.
    var lease: LeaseTime
    var startedAt = ContinuousClock.now
}

/// The work loop's hand on a running attempt, whatever runs it.
protocol AttemptControl: Sendable {
    /// Orders the attempt to stop; its end arrives in the inbox as if it had ended by itself.
    ///
    /// The first reason stays. `kill` means at once, without grace, and may be added later.
    func stop(_ reason: StopReason, kill: Bool)
}

/// Why a handler is stopped before it ended by itself.
enum StopReason: Equatable, Sendable {
    case timedOut
    /// It printed nothing for too long.
    case wentQuiet
    case leaseLost
    case cancelled
    case shutdown
}
