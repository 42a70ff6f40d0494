package import struct Foundation.Data

/// Everything the product asks of a store.
///
/// SQLite is behind it today; nothing outside the store knows, and one conformance suite holds
/// whatever comes next.
package protocol QueueStore: Sendable {
    /// Where a loop that mostly calls the store runs best: there, a call costs no thread switch.
    var executor: StoreExecutor { get }

    // MARK: Ingress

    /// Stores a batch in one commit.
    ///
    /// When this returns, every accepted delivery survives a power cut. Gitea marks a delivery as
    /// sent before it sends it and never retries, so the row is the only copy anything acts on.
    ///
    /// - Parameter take: called once the write lock is held, so that what arrives while others
    ///   write still joins this batch, and what gave up waiting is not in it.
    /// - Returns: one answer per delivery, in the order of the batch.
    /// - Throws: whatever keeps the store from committing; nothing of the batch is stored then.
    func accept(_ take: @Sendable () -> [Delivery]) async throws(StoreError) -> [Acceptance]

    /// Stores deliveries that were acknowledged earlier and kept elsewhere, in one commit.
    ///
    /// May be called again with the same ones: what is there is left as it is and counted nowhere,
    /// so that a crash between this and forgetting them elsewhere does no harm.
    ///
    /// - Parameter deliveries: in the order in which they were acknowledged.
    /// - Returns: one answer per delivery, in their order.
    /// - Throws: whatever keeps the store from committing; nothing of the batch is stored then.
    func importSpooled(_ deliveries: [Delivery]) async throws(StoreError) -> [Import]

    /// Counts incidents under their kind, source and subject, in one commit.
    ///
    /// - Parameters:
    ///   - incidents: what happened; one that was resolved is not any more.
    ///   - recovered: sources that got a good delivery since: what their senders did wrong before is
    ///     resolved.
    /// - Throws: whatever keeps the store from committing; nothing of it is written then.
    func record(_ incidents: [Incident], recovered: [String]) async throws(StoreError)

    /// Writes to the store and syncs, to prove that it can.
    func probe() async throws(StoreError)

    /// Names this store among all stores, for ever.
    func uuid() async throws(StoreError) -> String

    // MARK: Routing

    /// What waits to be routed: the oldest deliveries first, then replays; as many as fit in
    /// `Limits.batchBytes`, at least one.
    func waitingToBeRouted(atMost count: Int) async throws(StoreError) -> [WaitingDelivery]

    /// Writes decisions and inserts their jobs, all or nothing.
    ///
    /// Valid only if the first one is still the oldest that waits: otherwise another router was
    /// quicker and `.stale` is returned. So any number of workers may try, and jobs enter their
    /// lanes in the order of acceptance.
    func decide(_ decisions: [Decision]) async throws(StoreError) -> RoutingResult

    // MARK: Working

    func register(_ worker: WorkerRegistration) async throws(StoreError)

    /// Says that a worker has stopped; its leases, if any, are left for the rescuer.
    func retire(_ worker: WorkerID) async throws(StoreError)

    /// Writes decisions as ``decide(_:)`` does, and how attempts ended, and claims new jobs, in one
    /// commit: a job may be claimed by the commit that makes it.
    ///
    /// - Returns: what became of the decisions; one result per end; and the claimed jobs, of which every one is leased to the
    ///   worker for `request.lease`, has its attempt inserted, and keeps within the concurrency of
    ///   its handler over all workers. Cut short says that many jobs had to be put out of the
    ///   claim's sight (paused, not due), and that another claim may find more.
    func exchange(
        _ ends: [AttemptEnd],
        for request: ClaimRequest,
        worker: WorkerID,
        deciding decisions: [Decision]
    ) async throws(StoreError) -> Exchange

    /// Renews leases and the worker's heartbeat, unless the worker was retired.
    func extend(
        _ tokens: [AttemptToken],
        worker: WorkerID,
        lease: Duration
    ) async throws(StoreError) -> Extension

    /// The worker's attempts that an operator asked to cancel.
    func cancelRequests(of worker: WorkerID) async throws(StoreError) -> Set<AttemptToken>

    /// All leases there are, in the order of their jobs.
    func leases() async throws(StoreError) -> [Lease]

    /// Takes orphaned leases over, so that whoever had them can neither renew them nor write how
    /// their attempts ended.
    ///
    /// This comes before anything is killed, so that only what is really lost is. The jobs stay
    /// leased until ``lose(_:by:)``: they run again after what is left of them is gone. Of a job
    /// whose worker died the loss is counted here, once.
    ///
    /// - Parameters:
    ///   - orphans: as they were seen; those whose lease was renewed or ended since are left alone.
    ///   - worker: who takes them over; it renews them from now on.
    ///   - lease: for how long.
    /// - Returns: what was taken over.
    /// - Throws: whatever keeps the store from committing; nothing is taken over then.
    func seize(
        _ orphans: [OrphanedAttempt],
        by worker: WorkerID,
        lease: Duration
    ) async throws(StoreError) -> Set<AttemptToken>

    /// Ends attempts that a worker has taken over as lost, after what is left of their processes is
    /// gone. Each job is ready again, or dead as quarantined after three losses in which its worker
    /// died.
    ///
    /// - Returns: one result per attempt; `.leaseLost` for what the worker does not hold.
    /// - Throws: whatever keeps the store from committing; nothing is ended then.
    func lose(
        _ tokens: [AttemptToken],
        by worker: WorkerID
    ) async throws(StoreError) -> [EndResult]

    /// Says which workers without leases died, so that they no longer count as running.
    ///
    /// What a dead worker was routing is under suspicion: each of these targets has its tries
    /// counted, and is from then on routed alone.
    ///
    /// - Parameters:
    ///   - isDead: whether a worker is gone.
    ///   - wasRouting: what a dead worker had begun to decode and not decided.
    /// - Returns: the workers that were found dead now, by this caller.
    /// - Throws: whatever keeps the store from committing.
    func retireDead(
        isDead: @Sendable (WorkerID) -> Bool,
        wasRouting: @Sendable (WorkerID) -> [RoutingTarget]
    ) async throws(StoreError) -> [WorkerID]

    /// How many ready jobs each handler has.
    func readyJobs() async throws(StoreError) -> [HandlerName: Int]

    /// When the next job that only waits for its time is due; nil when none does.
    func nextDue() async throws(StoreError) -> Timestamp?

    /// Shows people which breakers of a worker are open: a JSON object by handler.
    ///
    /// - Returns: what was shown before, from which operators take what they close.
    @discardableResult
    func report(breakers: String, of worker: WorkerID) async throws(StoreError) -> String

    /// The breakers of a worker as they are shown, and as operators left them.
    func breakers(of worker: WorkerID) async throws(StoreError) -> String

    /// Takes a handler's breaker out of what the workers show, which has each try a job at once.
    ///
    /// - Returns: the workers, dead ones too, that showed one.
    func closeBreakers(of handler: HandlerName) async throws(StoreError) -> [WorkerID]

    /// Shows people what keeps a worker from going by its configuration file as it is now; nil
    /// when nothing does.
    func report(configurationError: String?, of worker: WorkerID) async throws(StoreError)

    /// Removes what the retention no longer keeps, a small batch at a time, and gives free pages
    /// back to the file system.
    ///
    /// Each step is one short commit, so that nobody waits long for the write lock.
    func prune(_ retention: Retention) async throws(StoreError) -> Pruned

    // MARK: Operator

    /// Finds a delivery by seq, id, or a unique beginning of an id of at least 8 characters.
    func find(delivery text: String) async throws(StoreError) -> DeliveryLookup

    /// Asks for stored deliveries to be routed again, as one batch.
    ///
    /// Those that do not exist, whose body is pruned, or that are not routed yet are left out.
    ///
    /// - Parameters:
    ///   - deliveries: in the order in which they are due.
    ///   - pace: when they are due.
    ///   - onlyRoute: the one route that may make jobs; nil for all of them.
    /// - Returns: the batch, with how many are in it.
    /// - Throws: `.refused` when all of them are left out; nothing is changed then.
    func replay(
        _ deliveries: [DeliverySeq],
        pace: Pace,
        onlyRoute: String?
    ) async throws(StoreError) -> ReplayBatch

    /// The jobs of a delivery that wait or run, by their routes: a replay leaves them alone.
    func liveJobs(of delivery: DeliverySeq) async throws(StoreError) -> [String: JobID]

    /// Cancels what is left of a batch of replays: requests that wait, and jobs that came of it.
    ///
    /// - Returns: nil when there is no such batch.
    func cancelReplay(batch: Int64) async throws(StoreError) -> ReplayCancellation?

    /// Gives dead jobs a new budget.
    ///
    /// - Returns: one answer per job, in their order; `.changed` for those that were dead.
    func requeue(_ jobs: [JobID], pace: Pace) async throws(StoreError) -> [JobChange]

    /// Takes dead jobs off the list: they are cancelled, and keep their rows and attempts.
    ///
    /// - Returns: one answer per job, in their order; `.changed` for those that were dead.
    func discard(_ jobs: [JobID]) async throws(StoreError) -> [JobChange]

    /// Makes discarded jobs dead again, as they were.
    ///
    /// - Returns: one answer per job, in their order; `.changed` for those that were discarded.
    func undiscard(_ jobs: [JobID]) async throws(StoreError) -> [JobChange]

    /// Cancels jobs: those that wait at once, those that run after their handler was stopped.
    ///
    /// - Parameters:
    ///   - jobs: what to cancel.
    ///   - states: those that are in another state by now stay as they are.
    /// - Returns: one answer per job, in their order.
    /// - Throws: whatever keeps the store from committing.
    func cancel(
        _ jobs: [JobID],
        from states: Set<JobState>
    ) async throws(StoreError) -> [JobChange]

    /// Makes jobs due now that wait for their time.
    func retryNow(_ jobs: [JobID]) async throws(StoreError) -> [JobChange]

    /// Keeps the jobs of a handler, of a route, or all jobs from being claimed.
    ///
    /// - Returns: false when it was paused already; the earlier reason stays then.
    func pause(_ target: PauseTarget, reason: String?) async throws(StoreError) -> Bool

    /// Ends a pause.
    ///
    /// - Returns: false when it was not paused.
    func resume(_ target: PauseTarget) async throws(StoreError) -> Bool

    func pauses() async throws(StoreError) -> [Pause]

    /// Why a job does or does not run; nil when there is no such job.
    func situation(of job: JobID) async throws(StoreError) -> JobSituation?

    /// Whether an attempt still counts, now.
    ///
    /// `isDead` says whether a worker is gone: the clock of a lease of another boot cannot be read
    /// here, but while its worker lives it is renewed.
    func check(
        _ token: AttemptToken,
        isDead: @Sendable (WorkerID) -> Bool
    ) async throws(StoreError) -> LeaseCheck

    /// The jobs that a selection means, in the order of their ids.
    func jobs(matching selection: Selection) async throws(StoreError) -> [JobID]

    /// The deliveries that a selection means, in the order of acceptance: those it fits itself,
    /// and of which a job fits what it says of jobs. Only those that are decided and still have
    /// their body.
    func deliveries(matching selection: Selection) async throws(StoreError) -> [DeliverySeq]

    func status() async throws(StoreError) -> StoreStatus
    func records(_ query: RecordQuery) async throws(StoreError) -> [Record]
    func body(of delivery: DeliverySeq) async throws(StoreError) -> Data?

    /// A stored delivery as routing read it; nil when there is none.
    func history(of delivery: DeliverySeq) async throws(StoreError) -> HistoricDelivery?

    /// Stored deliveries as routing read them, newest first: a batch of a bounded size, so that
    /// no long read keeps the log from being moved into the database.
    ///
    /// - Parameters:
    ///   - since: those that came then or later.
    ///   - earlier: the last one of the batch before; nil for the first batch.
    /// - Returns: at least one while there are any.
    /// - Throws: whatever keeps the store from being read.
    func history(
        since: Timestamp,
        before earlier: HistoricDelivery?
    ) async throws(StoreError) -> [HistoricDelivery]

    func output(of job: JobID, attempt: Int64?) async throws(StoreError) -> AttemptOutput?
}

extension QueueStore {
    /// Cancels jobs, whether they wait or run.
    package func cancel(_ jobs: [JobID]) async throws(StoreError) -> [JobChange] {
        try await cancel(jobs, from: [.ready, .leased])
    }

    /// Renews leases for the usual time.
    package func extend(
        _ tokens: [AttemptToken],
        worker: WorkerID
    ) async throws(StoreError) -> Extension {
        try await extend(tokens, worker: worker, lease: Limits.lease)
    }
}

extension QueueStore {
    /// Writes how attempts ended and claims new jobs, in one commit.
    package func exchange(
        _ ends: [AttemptEnd],
        for request: ClaimRequest,
        worker: WorkerID
    ) async throws(StoreError) -> Exchange {
        try await exchange(ends, for: request, worker: worker, deciding: [])
    }
}

/// What an exchange brought.
package struct Exchange: Sendable {
    package var routing: RoutingResult
    package var ends: [EndResult]
    package var claimed: [ClaimedJob]
    package var isCutShort: Bool
}

/// What a text names.
package enum DeliveryLookup: Equatable, Sendable {
    case found(DeliverySeq)
    case none
    /// Several ids begin with it.
    case ambiguous
}

extension QueueStore {
    /// Counts one incident.
    package func record(_ incident: Incident) async throws(StoreError) {
        try await record([incident], recovered: [])
    }
}
