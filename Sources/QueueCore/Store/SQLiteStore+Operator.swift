import GRDB

/// What operators change: replays, requeues, cancellations.
extension SQLiteStore {
    package func replay(
        _ deliveries: [DeliverySeq],
        pace: Pace,
        onlyRoute: String?
    ) throws(StoreError) -> ReplayBatch {
        try write { database in
            let batch = try Int64.fetchOne(database, sql: Self.nextReplay) ?? 1
            let now = clocks.now().rawValue
            var count = 0
            for delivery in deliveries {
                try RawStatement(Self.insertReplay, in: database)
                    .run(delivery.rawValue, batch, now, pace.time(of: count).rawValue, onlyRoute)
                count += database.changesCount
            }
            guard count > 0 || deliveries.isEmpty else { throw Self.nothingToReplay }
            return ReplayBatch(id: batch, count: count)
        }
    }

    package func cancelReplay(batch: Int64) throws(StoreError) -> ReplayCancellation? {
        try write { database in
            let exists = try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM replay_request WHERE batch = ?)",
                arguments: [batch]
            )
            guard exists == true else { return nil }
            let now = clocks.now().rawValue
            try database.execute(sql: Self.cancelRequests, arguments: [now, batch])
            let requests = database.changesCount
            let jobs = try Int64.fetchAll(database, sql: Self.liveJobsOfBatch, arguments: [batch])
            let changes = try jobs.map { try self.cancel(JobID(rawValue: $0), in: database) }
            return ReplayCancellation(
                requests: requests,
                jobs: changes.count { $0 == .changed },
                stopping: changes.count { $0 == .willStop }
            )
        }
    }

    package func requeue(_ jobs: [JobID], pace: Pace) throws(StoreError) -> [JobChange] {
        try write { database in
            var number = 0
            return try jobs.map { job in
                guard let state = try Self.state(of: job, in: database) else { return .unknown }
                guard state == .dead else {
                    return try Self.refusal(of: job, in: state, database)
                }
                guard try self.hasBody(job, in: database) else { return .bodyPruned }
                let time = pace.time(of: number)
                try self.requeue(job, at: time, in: database)
                number += 1
                return .changed
            }
        }
    }

    /// The same change as trigger requeue_by_hand, with the injected clock.
    ///
    /// For later, it is outside of its lane until a claim finds it due.
    func requeue(_ job: JobID, at time: Timestamp, in database: Database) throws {
        let isForLater = time > clocks.now()
        try database.cachedStatement(sql: Self.requeueJob).execute(arguments: [
            time.rawValue, isForLater ? "delayed" : nil, isForLater, job.rawValue,
        ])
    }

    func hasBody(_ job: JobID, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database.cachedStatement(sql: Self.jobHasBody),
            arguments: [job.rawValue]
        ) == true
    }

    package func cancel(
        _ jobs: [JobID],
        from states: Set<JobState>
    ) throws(StoreError) -> [JobChange] {
        try write { database in
            try jobs.map { try self.cancel($0, from: states, in: database) }
        }
    }

    private func cancel(
        _ job: JobID,
        from states: Set<JobState> = [.ready, .leased],
        in database: Database
    ) throws -> JobChange {
        guard let state = try Self.state(of: job, in: database) else { return .unknown }
        guard states.contains(state) else { return .refused(state) }
        switch state {
        case .ready:
            try database.cachedStatement(sql: Self.cancelReady)
                .execute(arguments: [clocks.now().rawValue, job.rawValue])
            return .changed
        case .leased:
            try database.cachedStatement(sql: Self.askToCancel)
                .execute(arguments: [job.rawValue])
            return .willStop
        case .done, .dead, .cancelled:
            return .refused(state)
        }
    }

    package func retryNow(_ jobs: [JobID]) throws(StoreError) -> [JobChange] {
        try write { database in
            try jobs.map { job in
                guard let state = try Self.state(of: job, in: database) else { return .unknown }
                guard state == .ready else { return .refused(state) }
                try database.cachedStatement(sql: Self.makeDue)
                    .execute(arguments: [clocks.now().rawValue, job.rawValue])
                return .changed
            }
        }
    }

    static func state(of job: JobID, in database: Database) throws -> JobState? {
        let text = try String.fetchOne(
            database.cachedStatement(sql: "SELECT state FROM job WHERE id = ?"),
            arguments: [job.rawValue]
        )
        return text.flatMap(JobState.init(rawValue:))
    }

    package func check(
        _ token: AttemptToken,
        isDead: @Sendable (WorkerID) -> Bool
    ) throws(StoreError) -> LeaseCheck {
        let row = try read { database in
            try Row.fetchOne(database, sql: Self.checkedLease, arguments: [token.job.rawValue])
        }
        guard let row, let state = JobState(rawValue: row["state"]) else {
            return .lost(.noSuchJob)
        }
        let attempt: Int64 = row["attempt"]
        if attempt > token.attempt { return .lost(.superseded(by: attempt)) }
        if attempt < token.attempt { return .lost(.noSuchJob) }
        guard state == .leased else { return .lost(.ended(state)) }
        let worker: String = row["worker"]
        let runner: String? = row["runner"]
        guard runner == worker else { return .lost(.takenOver) }
        guard row["lease_boot"] == clocks.bootID else {
            return isDead(WorkerID(rawValue: worker)) ? .lost(.earlierBoot) : .held(leaseLeft: nil)
        }
        let left = MonotonicTime(rawValue: row["lease_until"]) - clocks.monotonic()
        return left >= .zero ? .held(leaseLeft: left) : .lost(.ranOut)
    }

    private static let checkedLease = """
        SELECT state, attempt, lease_until, lease_boot, worker,
            (SELECT worker FROM attempt WHERE attempt.job = job.id
                AND attempt.number = job.attempt) AS runner
        FROM job
        WHERE id = ?
        """

    private static let nextReplay = """
        SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'replay_request'), 0) + 1
        """

    private static let insertReplay = """
        INSERT INTO replay_request (delivery, batch, requested_at, not_before, only_route)
        SELECT seq, ?2, ?3, ?4, ?5 FROM delivery
        JOIN routing ON routing.delivery = delivery.seq
        WHERE seq = ?1 AND body_pruned_at IS NULL AND verdict IS NOT NULL
        """

    private static let nothingToReplay = StoreError.refused(
        reason: "there is no such delivery, its body is pruned, or it is not routed yet"
    )

    /// Served by replay_request_by_batch.
    private static let cancelRequests = """
        UPDATE replay_request
        SET verdict = 'cancelled', reason = 'cancelled by an operator', decided_at = ?
        WHERE batch = ? AND verdict IS NULL
        """

    /// Served by replay_request_by_batch and job_by_replay.
    private static let liveJobsOfBatch = """
        SELECT job.id FROM replay_request
        JOIN job ON job.replay = replay_request.id
        WHERE replay_request.batch = ? AND job.state IN ('ready', 'leased')
        ORDER BY job.id
        """

    private static let requeueJob = """
        UPDATE job
        SET state = 'ready', failures = 0, losses = 0, snoozed_since = NULL,
            cancel_requested = 0, reason = NULL, finished_at = NULL, run_at = ?, parked = ?,
            off_lane = ?
        WHERE id = ? AND state = 'dead'
        """

    private static let jobHasBody = """
        SELECT body_pruned_at IS NULL FROM delivery
        WHERE seq = (SELECT delivery FROM job WHERE id = ?)
        """

    private static let cancelReady = """
        UPDATE job
        SET state = 'cancelled', reason = 'cancelled by an operator', finished_at = ?,
            cancel_requested = 1
        WHERE id = ? AND state = 'ready'
        """

    private static let askToCancel = """
        UPDATE job SET cancel_requested = 1 WHERE id = ? AND state = 'leased'
        """

    private static let makeDue = """
        UPDATE job SET run_at = min(run_at, ?), parked = nullif(parked, 'delayed')
        WHERE id = ? AND state = 'ready'
        """
}
