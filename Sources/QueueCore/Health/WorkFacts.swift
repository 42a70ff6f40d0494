/// What a queue is doing at a moment, as far as its store tells.
package struct WorkFacts: Equatable, Sendable {
    /// A job that runs, or should.
    package struct Lease: Equatable, Sendable {
        package var token: AttemptToken
        package var worker: WorkerID
        package var until: MonotonicTime
        package var boot: String
        package var startedAt: Timestamp?

        package init(
            token: AttemptToken,
            worker: WorkerID,
            until: MonotonicTime,
            boot: String,
            startedAt: Timestamp?
        ) {
            self.token = token
            self.worker = worker
            self.until = until
            self.boot = boot
            self.startedAt = startedAt
        }
    }

    /// How often something happened that an operator should know of.
    package struct Incidents: Equatable, Sendable {
        package var kind: String
        package var count: Int

        package init(kind: String, count: Int) {
            self.kind = kind
            self.count = count
        }
    }

    /// The wall clock's time when this was looked at.
    package var now = Timestamp(rawValue: 0)
    /// Those that did not say that they stopped.
    package var workers: [WorkerID] = []
    package var leases: [Lease] = []
    /// What keeps workers from going by their file as it is now, one mistake a line.
    package var configurationErrors: [WorkerID: String] = [:]
    /// Deliveries that wait to be routed, and since when the first does.
    package var waiting = 0
    package var oldestWaiting: Timestamp?
    /// Jobs that could run if a slot were free, and since when the first could.
    package var dueJobs = 0
    package var oldestDueJob: Timestamp?
    /// What Gitea does not answer.
    package var giteaTrouble: GiteaTrouble?
    package var dead = 0
    package var oldestDead: Timestamp?
    /// In the last day.
    package var newlyQuarantined = 0
    /// In the last day.
    package var newlyPoisoned = 0
    package var pauses: [Pause] = []
    /// Of the last day.
    package var incidents: [Incidents] = []
    package var newestReceived: Timestamp?
    /// What pruning should have taken long ago: bodies, jobs, deliveries.
    package var overdue: [String] = []
    /// Where the wall clock went ahead of the time that passed, far and lately enough to matter; the
    /// oldest first.
    package var clockSteps: [WallClock.Step] = []

    package init() {}
}

/// What the machine knows of a queue at the same moment.
package struct MachineFacts: Sendable {
    package var now: Timestamp
    package var monotonic: MonotonicTime
    package var bootID: String
    /// Workers that hold their lock.
    package var alive: Set<WorkerID>

    package init(now: Timestamp, monotonic: MonotonicTime, bootID: String, alive: Set<WorkerID>) {
        self.now = now
        self.monotonic = monotonic
        self.bootID = bootID
        self.alive = alive
    }

    /// How long ago something was; a clock that was set back makes no negative age.
    package func age(_ time: Timestamp) -> Duration {
        max(now - time, .zero)
    }
}
