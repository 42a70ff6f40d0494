import QueueCore

/// A handler that runs now.
struct RunningAttempt: Sendable {
    /// Without its body, which is with whoever runs it.
    let job: ClaimedJob
    /// Nil when it never began: its end is in the inbox.
    let control: (any AttemptControl)?
    /// Told of by whoever renews its lease.
    let lease: LeaseTime
    let startedAt = ContinuousClock.now

    init(job: ClaimedJob, control: (any AttemptControl)?, lease: LeaseTime) {
        var job = job
        job.delivery.body = nil
        self.job = job
        self.control = control
        self.lease = lease
    }
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
