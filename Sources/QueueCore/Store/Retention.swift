/// How long what is finished is kept; nil keeps it for ever.
package struct Retention: Equatable, Sendable {
    /// Bodies and headers of deliveries all of whose jobs have ended.
    package var bodies: Duration?
    /// Ended jobs, with their attempts and what handlers printed.
    package var jobs: Duration?
    /// The small rows that keep deduplication: deliveries, verdicts, repeats, replays; incidents.
    package var deliveries: Duration?

    package init(
        bodies: Duration? = .seconds(30 * 86_400),
        jobs: Duration? = .seconds(90 * 86_400),
        deliveries: Duration? = .seconds(365 * 86_400)
    ) {
        self.bodies = bodies
        self.jobs = jobs
        self.deliveries = deliveries
    }
}

/// What one step of pruning removed.
package struct Pruned: Equatable, Sendable {
    package var bodies = 0
    package var jobs = 0
    package var deliveries = 0
    /// Pages given back to the file system.
    package var pages = 0
    /// There is more to be pruned now.
    package var hasMore = false

    package init(
        bodies: Int = 0,
        jobs: Int = 0,
        deliveries: Int = 0,
        pages: Int = 0,
        hasMore: Bool = false
    ) {
        self.bodies = bodies
        self.jobs = jobs
        self.deliveries = deliveries
        self.pages = pages
        self.hasMore = hasMore
    }

    /// Whether nothing was removed.
    package var isEmpty: Bool { bodies == 0 && jobs == 0 && deliveries == 0 && pages == 0 }
}
