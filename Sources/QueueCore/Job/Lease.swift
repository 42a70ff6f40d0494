/// A worker's claim on a job, as its row says.
package struct Lease: Hashable, Sendable {
    package var token: AttemptToken
    /// Who holds it: the worker that runs the attempt, or the one that took it over to end it.
    package var worker: WorkerID
    package var until: MonotonicTime
    /// The boot in which `until` means something.
    package var boot: String

    package init(token: AttemptToken, worker: WorkerID, until: MonotonicTime, boot: String) {
        self.token = token
        self.worker = worker
        self.until = until
        self.boot = boot
    }
}

/// A lease that no worker looks after any more: another one takes it over, kills what is left of
/// the attempt's processes, and ends it.
package struct OrphanedAttempt: Hashable, Sendable {
    /// Why nobody looks after it.
    package enum Cause: Sendable {
        /// The job may be to blame.
        case workerDied
        /// The worker died with the boot that it ran in.
        case machineRestarted
        /// The worker lives, and is stopped or starved.
        case leaseRanOut
    }

    /// As it was seen: one that has changed since is not taken over.
    package var lease: Lease
    package var cause: Cause

    package init(lease: Lease, cause: Cause) {
        self.lease = lease
        self.cause = cause
    }

    package var token: AttemptToken { lease.token }
    package var worker: WorkerID { lease.worker }

    /// How the attempt ends, for people.
    package var error: String {
        let cause =
            switch cause {
            case .workerDied: "its worker died"
            case .machineRestarted: "the machine was started again"
            case .leaseRanOut: "its lease ran out"
            }
        return "\(cause) (worker \(worker))"
    }
}
