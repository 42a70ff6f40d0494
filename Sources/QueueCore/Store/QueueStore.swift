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

    /// Counts an incident under its kind, source and subject.
    func record(_ incident: Incident) async throws(StoreError)

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

    /// Writes how attempts ended and claims new jobs, in one commit.
    ///
    /// - Returns: one result per end; and the claimed jobs, of which every one is leased to the
    ///   worker for `Limits.lease`, has its attempt inserted, and keeps within the concurrency of
    ///   its handler over all workers.
    func exchange(
        _ ends: [AttemptEnd],
        for request: ClaimRequest,
        worker: WorkerID
    ) async throws(StoreError) -> (ends: [EndResult], claimed: [ClaimedJob])

    /// Renews leases and the worker's heartbeat.
    func extend(
        _ tokens: [AttemptToken],
        worker: WorkerID
    ) async throws(StoreError) -> Extension

    /// Leases that have run out or belong to an earlier boot, and all of the workers that
    /// `isDead` says are gone.
    func orphans(
        isDead: @Sendable (WorkerID) -> Bool
    ) async throws(StoreError) -> [OrphanedAttempt]

    /// Ends an orphaned attempt as lost, after what is left of its processes is gone. The job is
    /// ready again, or dead as quarantined after three losses in which its worker died.
    func lose(_ orphan: OrphanedAttempt, workerDied: Bool) async throws(StoreError) -> EndResult

    /// Says which workers without leases died, so that they no longer count as running.
    func retireDead(isDead: @Sendable (WorkerID) -> Bool) async throws(StoreError) -> [WorkerID]

    /// How many ready jobs each handler has.
    func readyJobs() async throws(StoreError) -> [HandlerName: Int]

    /// When the next job that only waits for its time is due; nil when none does.
    func nextDue() async throws(StoreError) -> Timestamp?

    // MARK: Operator

    /// Finds a delivery by seq, id, or a unique beginning of an id of at least 8 characters.
    func find(delivery text: String) async throws(StoreError) -> DeliveryLookup

    /// Asks for a stored delivery to be routed again.
    ///
    /// - Throws: `.refused` when there is no such delivery or its body is pruned.
    func replay(_ delivery: DeliverySeq) async throws(StoreError)

    /// Gives dead jobs a new budget.
    ///
    /// - Returns: those that were dead and are ready now.
    func requeue(_ jobs: [JobID]) async throws(StoreError) -> [JobID]

    func status() async throws(StoreError) -> StoreStatus
    func records(_ query: RecordQuery) async throws(StoreError) -> [Record]
    func body(of delivery: DeliverySeq) async throws(StoreError) -> Data?
    func output(of job: JobID, attempt: Int64?) async throws(StoreError) -> AttemptOutput?
}

/// What a text names.
package enum DeliveryLookup: Equatable, Sendable {
    case found(DeliverySeq)
    case none
    /// Several ids begin with it.
    case ambiguous
}
