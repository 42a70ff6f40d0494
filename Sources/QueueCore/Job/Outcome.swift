package import struct Foundation.Data

/// How an attempt ended, as its worker saw it. (`lost` is for the rescuer alone.)
package enum Outcome: Equatable, Sendable {
    case done
    /// Failed; runs again after the delay while the budget lasts.
    ///
    /// With `keepsWaiting` it goes on waiting for a service that cannot be reached: since when is
    /// kept.
    case retry(after: Duration, keepsWaiting: Bool = false)
    /// Asked for later; no failure.
    case snooze(for: Duration)
    /// Will not run again unless an operator says so.
    case dead(reason: String)
    /// Given back because the worker stops; no failure.
    case released
    /// Stopped because an operator asked for it.
    case cancelled(reason: String)
}

/// The end of one attempt, to be written under its token.
package struct AttemptEnd: Sendable {
    package var token: AttemptToken
    package var outcome: Outcome
    package var endedAt: Timestamp
    package var exitCode: Int32?
    package var signal: Int32?
    package var httpStatus: Int?
    /// One line for people; nil when done.
    package var error: String?
    package var output: AttemptOutput?

    package init(
        token: AttemptToken,
        outcome: Outcome,
        endedAt: Timestamp,
        exitCode: Int32? = nil,
        signal: Int32? = nil,
        httpStatus: Int? = nil,
        error: String? = nil,
        output: AttemptOutput? = nil
    ) {
        self.token = token
        self.outcome = outcome
        self.endedAt = endedAt
        self.exitCode = exitCode
        self.signal = signal
        self.httpStatus = httpStatus
        self.error = error
        self.output = output
    }
}

/// What a handler printed.
package struct AttemptOutput: Equatable, Sendable {
    /// The first and the last of it.
    package var kept: Data
    /// Printed in all.
    package var bytes: Int64

    package init(kept: Data, bytes: Int64) {
        self.kept = kept
        self.bytes = bytes
    }
}

/// Whether the end of an attempt was written.
package enum EndResult: Equatable, Sendable {
    case written(JobState)
    /// The attempt no longer holds the lease: nothing was written, another attempt stands.
    case leaseLost
}

/// What became of the leases a worker wanted to keep.
package struct Extension: Equatable, Sendable {
    /// No longer held: stop these handlers, their outcomes will be refused.
    package var lost: Set<AttemptToken>
    /// Still held, but an operator asked to cancel: stop these and report `cancelled`.
    package var cancelRequested: Set<AttemptToken>
    /// The worker was taken for dead and retired: it must end.
    package var isRetired = false
}
