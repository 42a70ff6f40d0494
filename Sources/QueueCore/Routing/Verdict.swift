package import struct Foundation.Data

/// What routing decided about a delivery.
///
/// docs/STATE_MACHINE.md has the table.
package enum Verdict: String, CaseIterable, Sendable {
    /// At least one route matched; its jobs exist.
    case routed
    /// No route matched.
    case ignored
    /// The bytes are not the JSON object they should be.
    case malformed
    /// Header and body tell of different events.
    case mismatched
    /// The same bytes were delivered before under another id.
    case repeated = "repeat"
    /// Deciding it took a worker down three times.
    case dead
}

/// What waits to be routed: a delivery for the first time, or a replay of one.
package enum RoutingTarget: Hashable, Sendable {
    case delivery(DeliverySeq)
    case replay(id: Int64, of: DeliverySeq)

    package var delivery: DeliverySeq {
        switch self {
        case .delivery(let seq), .replay(_, let seq): seq
        }
    }
}

/// A stored delivery as routing reads it.
package struct WaitingDelivery: Sendable {
    package var target: RoutingTarget
    package var source: String
    package var id: DeliveryID
    package var event: String
    package var eventType: String
    /// Whether a header named the type; else `eventType` is the event, which stands for several.
    package var isTyped: Bool
    /// What the hook belongs to: `organization`; nil where no header says it.
    package var targetType: String?
    package var contentType: String
    package var verifiedBy: String?
    package var receivedAt: Timestamp
    /// Workers that died while it was being routed; such a delivery is routed alone.
    package var tries: Int
    package var body: Data

    package init(
        target: RoutingTarget,
        source: String,
        id: DeliveryID,
        event: String,
        eventType: String,
        isTyped: Bool = true,
        targetType: String? = nil,
        contentType: String,
        verifiedBy: String?,
        receivedAt: Timestamp,
        tries: Int,
        body: Data
    ) {
        self.target = target
        self.source = source
        self.id = id
        self.event = event
        self.eventType = eventType
        self.isTyped = isTyped
        self.targetType = targetType
        self.contentType = contentType
        self.verifiedBy = verifiedBy
        self.receivedAt = receivedAt
        self.tries = tries
        self.body = body
    }
}

/// A job that routing wants, not yet stored.
package struct NewJob: Equatable, Sendable {
    package var route: String
    package var handler: HandlerName
    /// A JSON object.
    package var with: String
    /// The levels of trust that it takes, looked at again right before it starts:
    /// `owner,contributor`.
    package var trustNeeded: String?
    /// Whether it is Gitea who knows the sender's; not stored, as that may change until it starts.
    package var asksGitea = false
    /// `owner/name`, or empty when the payload names no repository.
    package var repo: String
    package var lane: String?
    /// What to do when the same bytes made a job of this route before.
    package var redelivery: Redelivery

    package init(
        route: String,
        handler: HandlerName,
        with: String,
        trustNeeded: String? = nil,
        repo: String,
        lane: String?,
        redelivery: Redelivery = .once
    ) {
        self.route = route
        self.handler = handler
        self.with = with
        self.trustNeeded = trustNeeded
        self.repo = repo
        self.lane = lane
        self.redelivery = redelivery
    }
}

/// What Gitea's "Redeliver" means to a route: the same bytes under a new id.
package enum Redelivery: String, Sendable {
    /// What is done is not done again; what is dead is tried again.
    case once
    /// Also what is done runs again.
    case rerun
}

/// Routing's whole answer for one target, written in one transaction.
package struct Decision: Sendable {
    package var target: RoutingTarget
    package var verdict: Verdict
    /// Why, for every verdict but `routed`.
    package var reason: String?
    /// A JSON object with what every rule said.
    package var explanation: String
    /// Lower-case hex of the signed bytes; nil when they could not be read.
    package var payloadSHA256: String?
    /// Gitea's test delivery: sent again, it is meant to run again.
    package var isTest: Bool
    /// What to count when a bot caused this; nil when nothing is.
    package var loop: LoopWatch?
    package var jobs: [NewJob]

    package init(
        target: RoutingTarget,
        verdict: Verdict,
        reason: String?,
        explanation: String,
        payloadSHA256: String?,
        isTest: Bool = false,
        loop: LoopWatch? = nil,
        jobs: [NewJob]
    ) {
        precondition(
            verdict == .routed || reason != nil,
            "verdicts other than routed say why"
        )
        precondition(
            (verdict == .routed) == !jobs.isEmpty,
            "routed means that there are jobs"
        )
        self.target = target
        self.verdict = verdict
        self.reason = reason
        self.explanation = explanation
        self.payloadSHA256 = payloadSHA256
        self.isTest = isTest
        self.loop = loop
        self.jobs = jobs
    }
}

/// A decision as the store wrote it: it knows which of the jobs would only repeat earlier ones.
package struct WrittenDecision: Equatable, Sendable {
    package var verdict: Verdict
    package var reason: String?
    /// The new jobs, in the order of the routes.
    package var jobs: [JobID]

    package init(verdict: Verdict, reason: String?, jobs: [JobID]) {
        self.verdict = verdict
        self.reason = reason
        self.jobs = jobs
    }
}

/// Whether decisions were written.
package enum RoutingResult: Equatable, Sendable {
    /// Written, one for each decision, in their order.
    case decided([WrittenDecision])
    /// Another router was quicker: nothing was written; read what waits again.
    case stale

    /// The ids of all new jobs; nil when nothing was written.
    package var jobs: [JobID]? {
        switch self {
        case .decided(let decisions): decisions.flatMap(\.jobs)
        case .stale: nil
        }
    }
}
