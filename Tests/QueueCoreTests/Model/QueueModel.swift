@testable import QueueCore

/// The queue in a few dozen lines of plain Swift: no index, no trigger, no note beside a row, and
/// lanes found by looking at every live job.
///
/// What the store does must be what this says. Times are what the store's clocks say at the step.
struct QueueModel {
    struct DeliveryRow {
        var source: String
        var id: String
        var payload: Int
        var isVerified: Bool
        var receivedAt: Timestamp
        var hasBody = true
        var verdict: Verdict?
        var reason: String?
        var hash: String?
        var decidedAt: Timestamp?
        var tries = 0
        var repeats = 0
        /// The issue on which a bot caused it, until that is resumed.
        var botIssue: String?
    }

    struct JobRow {
        var delivery: Int64
        var route: String
        var handler: String
        var repo: String
        var lane: String?
        var runAt: Timestamp
        /// Requeued for later: outside of its lane until a claim finds it due.
        var isOffLane = false
        var replay: Int64?
        var replayOf: Int64?
        /// Of the bytes that made it; nil when nobody may repeat them.
        var hash: String?
        var state = JobState.ready
        var attempt: Int64 = 0
        var failures = 0
        var losses = 0
        var snoozedSince: Timestamp?
        var lease: Lease?
        /// Who began the last attempt; another worker may have taken its lease over since.
        var runner: WorkerID?
        var cancelRequested = false
        var reason: String?
        var finishedAt: Timestamp?
        /// When it had died, while it is discarded.
        var diedAt: Timestamp?
        /// How its attempts ended; the last is "running" while it is leased.
        var outcomes: [String] = []

        var isLive: Bool { state == .ready || state == .leased }

        /// Why what is done with dead jobs leaves it alone.
        var refusal: JobChange { diedAt == nil ? .refused(state) : .discarded }
    }

    struct Lease: Equatable {
        var worker: WorkerID
        var until: MonotonicTime
        var boot: String
    }

    struct ReplayRow {
        var delivery: Int64
        var batch: Int64
        var notBefore: Timestamp
        /// As in its column: verdicts, and `cancelled`.
        var verdict: String?
        var reason: String?
        var decidedAt: Timestamp?
        var tries = 0
    }

    struct Moment {
        var now: Timestamp
        var monotonic: MonotonicTime
        var boot: String

        /// These machines are never suspended.
        var reading: ClockReading { ClockReading(now: now, sinceBoot: monotonic, boot: boot) }
    }

    var moment: Moment
    var deliveries: [Int64: DeliveryRow] = [:]
    var replays: [Int64: ReplayRow] = [:]
    var pauses: Set<PauseTarget> = []
    /// The lanes that the loop breaker paused, and for which issues.
    var loops: [String: Set<String>] = [:]
    /// The workers that have not stopped.
    var workers: Set<WorkerID> = []
    private(set) var jobs: [Int64: JobRow] = [:]
    private(set) var live: Set<Int64> = []

    /// Numbers given so far.
    var lastDelivery: Int64 = 0
    var lastReplay: Int64 = 0
    private(set) var lastJob: Int64 = 0
    private(set) var prunedJobs = 0
    var prunedDeliveries = 0

    /// The wall clock as the store last saw it.
    private var knownClock = WallClock()

    /// With what it says now.
    var wallClock: WallClock {
        var clock = knownClock
        _ = clock.look(at: moment.reading)
        return clock
    }

    init(moment: Moment) {
        self.moment = moment
    }

    // MARK: Jobs

    mutating func insert(_ job: JobRow) -> JobID {
        lastJob += 1
        jobs[lastJob] = job
        live.insert(lastJob)
        return JobID(rawValue: lastJob)
    }

    mutating func change(_ id: Int64, _ change: (inout JobRow) -> Void) {
        guard var job = jobs[id] else { return }
        change(&job)
        jobs[id] = job
        if job.isLive { live.insert(id) } else { live.remove(id) }
    }

    mutating func removeJob(_ id: Int64) {
        jobs[id] = nil
        prunedJobs += 1
        for other in jobs.keys where jobs[other]?.replayOf == id { jobs[other]?.replayOf = nil }
    }

    func jobs(of delivery: Int64) -> [Int64] {
        jobs.keys.filter { jobs[$0]?.delivery == delivery }.sorted()
    }

    // MARK: Lanes

    /// The one job of each lane that runs or may run: the leased one, else the earliest live one.
    func laneHolders() -> [String: Int64] {
        var holders: [String: Int64] = [:]
        for id in live {
            guard let job = jobs[id], let lane = job.lane, !job.isOffLane else { continue }
            guard let holder = holders[lane] else {
                holders[lane] = id
                continue
            }
            if jobs[holder]?.state == .leased { continue }
            if job.state == .leased || id < holder { holders[lane] = id }
        }
        return holders
    }

    func isBlocked(_ id: Int64, _ holders: [String: Int64]) -> Bool {
        guard let job = jobs[id], job.state == .ready, let lane = job.lane, !job.isOffLane
        else { return false }
        return holders[lane] != id
    }

    // MARK: Time

    /// What is not yet due moves with the wall clock when somebody sets it back.
    mutating func followClock() {
        guard case .back(let step) = knownClock.look(at: moment.reading) else { return }
        let now = moment.now
        for id in live {
            change(id) { job in
                guard job.state == .ready, job.runAt > now else { return }
                job.runAt = job.runAt + (.zero - step)
            }
        }
        for (id, replay) in replays where replay.verdict == nil && replay.notBefore > now {
            replays[id]?.notBefore = replay.notBefore + (.zero - step)
        }
    }
}

/// The store did something else than the model says.
struct Mismatch: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
