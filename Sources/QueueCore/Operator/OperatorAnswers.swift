/// What became of an operator's wish about one job.
package enum JobChange: Equatable, Sendable {
    /// It was done at once.
    case changed
    /// It runs: its handler is being stopped, then it is cancelled.
    case willStop
    /// It cannot be: this is the state it is in.
    case refused(JobState)
    /// It was dead, and an operator discarded it.
    case discarded
    /// The body of its delivery is pruned, so there is nothing to hand to a handler.
    case bodyPruned
    case unknown
}

/// Replays that were asked for together.
package struct ReplayBatch: Equatable, Sendable {
    /// Names them: the id of the first request.
    package var id: Int64
    /// How many deliveries will be routed again.
    package var count: Int
}

/// What cancelling a batch of replays did.
package struct ReplayCancellation: Equatable, Sendable {
    /// Requests that were not routed yet, and will not be.
    package var requests: Int
    /// Jobs of the batch that waited, and are cancelled.
    package var jobs: Int
    /// Jobs of the batch that run, and are being stopped.
    package var stopping: Int
}

/// Whether an attempt still counts.
package enum LeaseCheck: Equatable, Sendable {
    /// Its outcome would be accepted; the lease is renewed while its worker lives. How much of it
    /// is left cannot be told from another boot.
    case held(leaseLeft: Duration?)
    /// Its outcome would be refused, or soon.
    case lost(LeaseLoss)
}

/// Why an attempt no longer counts.
package enum LeaseLoss: Equatable, Sendable {
    case noSuchJob
    /// The job has left its lease: this is its state now.
    case ended(JobState)
    /// A later attempt has begun.
    case superseded(by: Int64)
    /// Nobody renewed it in time; somebody will take the job over.
    case ranOut
    /// Another worker has taken the lease, and is about to end the attempt.
    case takenOver
    /// The machine was started again since.
    case earlierBoot
}
