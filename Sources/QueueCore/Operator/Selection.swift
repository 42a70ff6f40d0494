/// Which jobs or deliveries an operator means; what is nil does not matter.
package struct Selection: Equatable, Sendable {
    /// Received at or after.
    package var since: Timestamp?
    /// Received before.
    package var until: Timestamp?
    package var eventType: String?
    /// `owner/name`, as the jobs have it.
    package var repo: String?
    package var route: String?
    package var handler: HandlerName?
    package var lane: String?
    package var state: JobState?
    /// Only jobs that were dead, and that an operator discarded.
    package var onlyDiscarded = false
    /// Only jobs that no later one of the same route and delivery has replaced; cancelled ones
    /// replace nothing.
    package var onlyNewest = false
    /// Contained in the job's reason, whatever the case of its letters.
    package var reason: String?
    /// What was decided about the delivery.
    package var verdict: Verdict?
    package var delivery: DeliverySeq?

    package init(
        since: Timestamp? = nil,
        until: Timestamp? = nil,
        eventType: String? = nil,
        repo: String? = nil,
        route: String? = nil,
        handler: HandlerName? = nil,
        lane: String? = nil,
        state: JobState? = nil,
        onlyDiscarded: Bool = false,
        reason: String? = nil,
        verdict: Verdict? = nil,
        delivery: DeliverySeq? = nil
    ) {
        self.since = since
        self.until = until
        self.eventType = eventType
        self.repo = repo
        self.route = route
        self.handler = handler
        self.lane = lane
        self.state = state
        self.onlyDiscarded = onlyDiscarded
        self.reason = reason
        self.verdict = verdict
        self.delivery = delivery
    }

    /// Everything there is.
    package var isEmpty: Bool { self == Selection() }
}

/// When the work that an operator asked for begins, and how it is spread over time.
package struct Pace: Equatable, Sendable {
    package var start: Timestamp
    /// From one to the next; zero for all at once.
    package var spacing: Duration

    package init(start: Timestamp, spacing: Duration = .zero) {
        precondition(spacing >= .zero, "time runs forward")
        self.start = start
        self.spacing = spacing
    }

    /// When the one with this number, counted from 0, is due.
    package func time(of number: Int) -> Timestamp {
        start + spacing * number
    }
}
