import GRDB
import Logging

/// Keeping the store small: what is finished and older than the retention goes, a few rows in each
/// commit, while everything else goes on.
extension SQLiteStore {
    package func prune(_ retention: Retention) throws(StoreError) -> Pruned {
        try followClock()
        // The first look costs a few seeks and no write: mostly there is nothing to do.
        let plan = try read { database in try self.plan(retention, in: database) }
        guard !plan.isEmpty else { return Pruned() }
        return try write { database in
            // Somebody else may have pruned meanwhile, or a job been requeued: the statements
            // look again.
            var pruned = Pruned(hasMore: plan.mayLeaveMore)
            for seq in plan.bodies {
                pruned.bodies += try self.unlessRefused("delivery \(seq)", in: database) {
                    try RawStatement(Self.pruneBody, in: database).run(plan.now.rawValue, seq)
                    return database.changesCount
                }
            }
            for job in plan.jobs {
                pruned.jobs += try self.unlessRefused("job \(job)", in: database) {
                    try Self.deleteJob(job, in: database)
                }
            }
            for seq in plan.deliveries {
                pruned.deliveries += try self.unlessRefused("delivery \(seq)", in: database) {
                    try Self.deleteDelivery(seq, in: database)
                }
            }
            if let time = plan.notesBefore {
                try Self.deleteOldNotes(before: time, in: database)
            }
            FaultPoint.pruning.reach()
            if plan.vacuums {
                let before = try Self.pageCount(in: database)
                try database.execute(sql: "PRAGMA incremental_vacuum(\(Limits.vacuumPages))")
                pruned.pages = before - (try Self.pageCount(in: database))
            }
            return pruned
        }
    }

    /// A row that the schema keeps (somebody's hand was in it) keeps no other from going.
    private func unlessRefused(
        _ row: String,
        in database: Database,
        _ remove: () throws -> Int
    ) throws -> Int {
        do {
            var count = 0
            try database.inSavepoint {
                count = try remove()
                return .commit
            }
            return count
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            logger.warning(
                "this row cannot be pruned",
                metadata: ["row": "\(row)", "error": "\(error.message ?? "")"]
            )
            return 0
        }
    }

    /// What one step will remove.
    private struct PrunePlan {
        var now: Timestamp
        var bodies: [Int64]
        var jobs: [Int64]
        var deliveries: [Int64]
        /// Nil when there are none.
        var notesBefore: Timestamp?
        var vacuums: Bool

        var isEmpty: Bool {
            bodies.isEmpty && jobs.isEmpty && deliveries.isEmpty && notesBefore == nil && !vacuums
        }

        /// Whether there may be more of the same, or rows that these keep.
        var mayLeaveMore: Bool {
            vacuums || !bodies.isEmpty || !jobs.isEmpty || deliveries.count >= Limits.pruneRows
        }
    }

    /// Old is what the time that passed makes old: a wall clock that runs ahead costs nobody the
    /// rows by which deliveries are known again.
    private func plan(_ retention: Retention, in database: Database) throws -> PrunePlan {
        let (clock, now) = try wallClock(in: database)
        func oldest(_ sql: String, _ kept: Duration?) throws -> [Int64] {
            guard let kept else { return [] }
            return try Int64.fetchAll(
                database.cachedStatement(sql: sql),
                arguments: [
                    "before": clock.time(kept, before: now).rawValue, "count": Limits.pruneRows,
                ]
            )
        }
        let hasOldNotes = try !oldest(Self.oldNotes, retention.deliveries).isEmpty
        return PrunePlan(
            now: now,
            bodies: try oldest(Self.prunableBodies, retention.bodies),
            jobs: try oldest(Self.prunableJobs, retention.jobs),
            deliveries: try oldest(Self.prunableDeliveries, retention.deliveries),
            notesBefore: hasOldNotes
                ? retention.deliveries.map { clock.time($0, before: now) } : nil,
            vacuums: try Self.hasPagesToGiveBack(in: database)
        )
    }

    private static func deleteJob(_ job: Int64, in database: Database) throws -> Int {
        for sql in [deleteOutputs, deleteAttempts, forgetReplayOf] {
            try database.cachedStatement(sql: sql).execute(arguments: [job])
        }
        try database.cachedStatement(sql: deleteEndedJob).execute(arguments: [job])
        return database.changesCount
    }

    private static func deleteDelivery(_ seq: Int64, in database: Database) throws -> Int {
        for sql in [deleteReplays, deleteRepeat, deleteRouting] {
            try database.cachedStatement(sql: sql).execute(arguments: [seq])
        }
        try database.cachedStatement(sql: deleteBareDelivery).execute(arguments: [seq])
        return database.changesCount
    }

    /// Incidents and workers of long ago: few, so in one go.
    private static func deleteOldNotes(
        before time: Timestamp,
        in database: Database
    ) throws {
        try database.cachedStatement(sql: "DELETE FROM incident WHERE last_at < ?")
            .execute(arguments: [time.rawValue])
        try database.cachedStatement(sql: Self.deleteOldWorkers)
            .execute(arguments: [time.rawValue])
    }

    private static func pageCount(in database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
    }

    /// Free pages are used again by what comes next; only what is far more than that is given
    /// back, and only by stores made with incremental vacuum.
    private static func hasPagesToGiveBack(in database: Database) throws -> Bool {
        let mode = try Int.fetchOne(database, sql: "PRAGMA auto_vacuum")
        guard mode == 2 else { return false }
        let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        return free > max(Limits.freePagesKept, try pageCount(in: database) / 4)
    }

    /// Served by routing_with_body, whose entries go with the bodies; those that a live job keeps
    /// are stepped over.
    static let prunableBodies = """
        SELECT routing.delivery FROM routing
        WHERE body_pruned = 0
            AND decided_at IS NOT NULL
            AND decided_at < :before
            AND NOT EXISTS (
                SELECT 1 FROM job
                WHERE job.delivery = routing.delivery
                    AND (job.finished_at IS NULL OR job.finished_at >= :before))
            AND NOT EXISTS (
                SELECT 1 FROM replay_request AS again
                WHERE again.delivery = routing.delivery
                    AND (again.decided_at IS NULL OR again.decided_at >= :before))
        ORDER BY decided_at, routing.delivery
        LIMIT :count
        """

    /// Served by job_ended.
    static let prunableJobs = """
        SELECT id FROM job
        WHERE finished_at IS NOT NULL AND finished_at < :before
        ORDER BY finished_at, id
        LIMIT :count
        """

    /// Served by delivery_without_body; those that have jobs are stepped over.
    static let prunableDeliveries = """
        SELECT seq FROM delivery
        WHERE received_at < :before
            AND body_pruned_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM job WHERE job.delivery = delivery.seq)
        ORDER BY received_at, seq
        LIMIT :count
        """

    private static let pruneBody = """
        UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = ?
        WHERE seq = ?
            AND body_pruned_at IS NULL
            AND NOT EXISTS (
                SELECT 1 FROM job WHERE job.delivery = delivery.seq AND finished_at IS NULL)
            AND NOT EXISTS (
                SELECT 1 FROM replay_request AS again
                WHERE again.delivery = delivery.seq AND again.verdict IS NULL)
        """

    /// Served by job_leased: one that left leases behind stays until they are given back.
    private static let deleteOldWorkers = """
        DELETE FROM worker
        WHERE stopped_at < ? AND NOT EXISTS (SELECT 1 FROM job WHERE job.worker = worker.id)
        """

    /// Few rows, both.
    private static let oldNotes = """
        SELECT 1 FROM incident WHERE last_at < :before
        UNION ALL
        SELECT 1 FROM worker
        WHERE stopped_at < :before
            AND NOT EXISTS (SELECT 1 FROM job WHERE job.worker = worker.id)
        LIMIT min(:count, 1)
        """

    private static let deleteOutputs = """
        DELETE FROM attempt_output
        WHERE attempt IN (
            SELECT attempt.id FROM attempt JOIN job ON job.id = attempt.job
            WHERE job.id = ? AND finished_at IS NOT NULL)
        """

    private static let deleteAttempts = """
        DELETE FROM attempt
        WHERE job = (SELECT id FROM job WHERE id = ? AND finished_at IS NOT NULL)
        """

    /// Served by job_by_replay_of: a replay outlives what it repeated.
    private static let forgetReplayOf = "UPDATE job SET replay_of = NULL WHERE replay_of = ?"

    private static let deleteEndedJob = "DELETE FROM job WHERE id = ? AND finished_at IS NOT NULL"

    private static let bareDelivery = """
        (SELECT seq FROM delivery
            WHERE seq = ?
                AND body_pruned_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM job WHERE job.delivery = delivery.seq))
        """

    private static let deleteReplays = "DELETE FROM replay_request WHERE delivery = \(bareDelivery)"
    private static let deleteRepeat = "DELETE FROM delivery_repeat WHERE delivery = \(bareDelivery)"
    private static let deleteRouting = "DELETE FROM routing WHERE delivery = \(bareDelivery)"
    private static let deleteBareDelivery = "DELETE FROM delivery WHERE seq = \(bareDelivery)"
}
