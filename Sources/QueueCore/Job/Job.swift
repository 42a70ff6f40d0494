package import struct Foundation.Data

/// Names a job; grows with every job ever made.
package struct JobID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    package var description: String { String(rawValue) }
}

/// A handler's name in the configuration.
package struct HandlerName: RawRepresentable, Hashable, Comparable, Sendable,
    CustomStringConvertible
{
    package var rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    package var description: String { rawValue }
}

/// The states of a job.
///
/// docs/STATE_MACHINE.md has the transitions; "not yet due" and "behind another job of its lane"
/// are columns of a ready job, not states.
package enum JobState: String, CaseIterable, Sendable {
    case ready
    case leased
    case done
    case dead
    case cancelled
}

/// Names one attempt at one job.
///
/// Whoever writes about a running job shows it, and a token whose attempt no longer holds the lease
/// is refused: this fences off stale workers.
package struct AttemptToken: Hashable, Sendable, CustomStringConvertible {
    package var job: JobID
    package var attempt: Int64

    package init(job: JobID, attempt: Int64) {
        precondition(attempt >= 1, "attempts are numbered from 1")
        self.job = job
        self.attempt = attempt
    }

    /// Reads what ``description`` prints; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let job = Int64(parts[0]), let attempt = Int64(parts[1]),
            job >= 1, attempt >= 1
        else { return nil }
        self.init(job: JobID(rawValue: job), attempt: attempt)
    }

    /// `<job>.<attempt>`, as in `SAMOVAR_TOKEN`.
    package var description: String { "\(job).\(attempt)" }
}

/// A job whose lease this worker holds, with all that its handler is told.
package struct ClaimedJob: Sendable {
    package var token: AttemptToken
    package var route: String
    package var handler: HandlerName
    package var with: String
    /// The trust that its sender needs, still to be asked; nil when none has to be.
    package var trustNeeded: String?
    /// The trust that its sender has, as its worker found out; nil when nobody asked.
    package var trust: String?
    package var repo: String
    package var lane: String?
    /// Failed attempts so far; the retry budget counts these.
    package var failures: Int
    /// Since when it has asked for later again and again, or waited for a service that cannot be
    /// reached; nil when it does not.
    package var snoozedSince: Timestamp?
    /// When its lease ends, unless it is renewed.
    package var leaseUntil: MonotonicTime
    package var delivery: ClaimedDelivery
}

/// What a handler is told of the delivery behind its job.
package struct ClaimedDelivery: Sendable {
    package var seq: DeliverySeq
    package var id: DeliveryID
    package var source: String
    package var event: String
    package var eventType: String
    package var contentType: String
    package var receivedAt: Timestamp
    package var verifiedBy: String?
    /// Nil when it was pruned.
    package var body: Data?
}

/// How much a worker asks for in one claim.
package struct ClaimRequest: Sendable {
    /// Jobs at most.
    package var slots: Int
    /// Every handler this worker can run, with the most jobs it may have leased over all workers.
    package var concurrency: [HandlerName: Int]
    /// How long the leases last.
    package var lease: Duration

    package init(
        slots: Int,
        concurrency: [HandlerName: Int],
        lease: Duration = Limits.lease
    ) {
        self.slots = slots
        self.concurrency = concurrency
        self.lease = lease
    }
}
