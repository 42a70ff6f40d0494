import GRDB

/// Leases: renewed by the worker that has them, taken over from one that is gone.
extension SQLiteStore {
    package func extend(
        _ tokens: [AttemptToken],
        worker: WorkerID,
        lease: Duration
    ) throws(StoreError) -> Extension {
        try write { database in
            var result = Extension(lost: [], cancelRequested: [])
            let until = (clocks.monotonic() + lease).rawValue
            for token in tokens {
                let cancel = try Bool.fetchOne(
                    database.cachedStatement(sql: Self.extendLease),
                    arguments: [
                        until, clocks.bootID, token.job.rawValue, token.attempt, worker.rawValue,
                    ]
                )
                switch cancel {
                case nil: result.lost.insert(token)
                case true?: result.cancelRequested.insert(token)
                case false?: break
                }
            }
            try database.execute(
                sql: "UPDATE worker SET heartbeat_at = ? WHERE id = ? AND stopped_at IS NULL",
                arguments: [clocks.now().rawValue, worker.rawValue]
            )
            result.isRetired = database.changesCount == 0
            return result
        }
    }

    package func cancelRequests(
        of worker: WorkerID
    ) throws(StoreError) -> Set<AttemptToken> {
        try read { database in
            let rows = try Row.fetchAll(
                database.cachedStatement(sql: Self.cancelRequested),
                arguments: [worker.rawValue]
            )
            return Set(
                rows.map { AttemptToken(job: JobID(rawValue: $0[0]), attempt: $0[1]) }
            )
        }
    }

    // MARK: Rescue

    package func leases() throws(StoreError) -> [Lease] {
        try read { database in
            try Row.fetchAll(database.cachedStatement(sql: Self.allLeases)).map { row in
                Lease(
                    token: AttemptToken(
                        job: JobID(rawValue: row["id"]),
                        attempt: row["attempt"]
                    ),
                    worker: WorkerID(rawValue: row["worker"]),
                    until: MonotonicTime(rawValue: row["lease_until"]),
                    boot: row["lease_boot"]
                )
            }
            .sorted { $0.token.job < $1.token.job }
        }
    }

    package func seize(
        _ orphans: [OrphanedAttempt],
        by worker: WorkerID,
        lease: Duration
    ) throws(StoreError) -> Set<AttemptToken> {
        guard !orphans.isEmpty else { return [] }
        return try write { database in
            let until = clocks.monotonic() + lease
            var seized: Set<AttemptToken> = []
            for orphan in orphans {
                let seen = orphan.lease
                try database.cachedStatement(sql: Self.seizeJob).execute(arguments: [
                    worker.rawValue, until.rawValue, clocks.bootID,
                    orphan.cause == .workerDied, seen.token.job.rawValue, seen.token.attempt,
                    seen.worker.rawValue, seen.until.rawValue, seen.boot,
                ])
                guard database.changesCount == 1 else { continue }
                seized.insert(orphan.token)
                // What became of it first stays, also when who took it over dies in turn.
                try database.cachedStatement(sql: Self.noteSeizure).execute(arguments: [
                    orphan.error, seen.token.job.rawValue, seen.token.attempt,
                ])
            }
            return seized
        }
    }

    package func lose(
        _ tokens: [AttemptToken],
        by worker: WorkerID
    ) throws(StoreError) -> [EndResult] {
        guard !tokens.isEmpty else { return [] }
        return try write { database in
            try tokens.map { token in try self.lose(token, by: worker, in: database) }
        }
    }

    private func lose(
        _ token: AttemptToken,
        by worker: WorkerID,
        in database: Database
    ) throws -> EndResult {
        let row = try Row.fetchOne(
            database.cachedStatement(sql: Self.seizedJob),
            arguments: [token.job.rawValue, token.attempt, worker.rawValue]
        )
        guard let row else { return .leaseLost }
        let now = clocks.now().rawValue
        // The attempt first: a job leaves its lease only when its attempt has ended.
        try database.cachedStatement(sql: Self.loseAttempt)
            .execute(arguments: [now, token.job.rawValue, token.attempt])
        let losses: Int = row["losses"]
        let isCancelled: Bool = row["cancel_requested"]
        guard isCancelled || losses >= Limits.lossesMost else {
            let snoozedSince: Int64? = row["snoozed_since"]
            try database.cachedStatement(sql: Self.readyAgain).execute(arguments: [
                now, 0, snoozedSince, token.job.rawValue, token.attempt, now,
            ])
            return .written(.ready)
        }
        let state: JobState = isCancelled ? .cancelled : .dead
        let reason =
            isCancelled
            ? "cancelled by an operator" : "quarantined: \(losses) workers died while it ran"
        try database.cachedStatement(sql: Self.endJob).execute(arguments: [
            state.rawValue, reason, now, 0, token.job.rawValue, token.attempt,
        ])
        return .written(state)
    }

    private static let extendLease = """
        UPDATE job
        SET lease_until = ?, lease_boot = ?
        WHERE id = ? AND state = 'leased' AND attempt = ? AND worker = ?
        RETURNING cancel_requested
        """

    /// This and the next are served by job_leased: as many rows as jobs run.
    private static let cancelRequested = """
        SELECT id, attempt FROM job
        WHERE worker = ? AND cancel_requested = 1
        """

    private static let allLeases = """
        SELECT id, attempt, worker, lease_until, lease_boot FROM job
        WHERE worker IS NOT NULL
        """

    /// A loss counts while the lease is with the worker that ran the attempt: who took it over and
    /// died in turn is no fault of the job's.
    private static let seizeJob = """
        UPDATE job
        SET worker = ?1, lease_until = ?2, lease_boot = ?3,
            losses = losses + iif(?4 AND worker = (
                SELECT worker FROM attempt
                WHERE attempt.job = job.id AND attempt.number = job.attempt), 1, 0)
        WHERE id = ?5
            AND state = 'leased'
            AND attempt = ?6
            AND worker = ?7
            AND lease_until = ?8
            AND lease_boot = ?9
        """

    private static let noteSeizure = """
        UPDATE attempt SET error = ?
        WHERE job = ? AND number = ? AND outcome IS NULL AND error IS NULL
        """

    private static let seizedJob = """
        SELECT losses, cancel_requested, snoozed_since FROM job
        WHERE id = ? AND state = 'leased' AND attempt = ? AND worker = ?
        """

    private static let loseAttempt = """
        UPDATE attempt SET ended_at = ?, outcome = 'lost'
        WHERE job = ? AND number = ? AND outcome IS NULL
        """
}
