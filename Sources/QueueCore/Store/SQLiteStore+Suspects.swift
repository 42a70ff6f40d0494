import GRDB

/// Suspects: jobs that ran when their worker died (`losses` > 0).
///
/// One of those that died together was to blame, and nobody knows which. So from then on each runs
/// alone in its worker: what the worker dies of then is known, the others end as they should, and
/// three losses bury only the culprit. The first loss may be beside others; any further one was alone.
extension SQLiteStore {
    /// What a claim is to do about suspects.
    enum SuspectTurn {
        /// None of them matters to this claim.
        case ordinary
        /// One runs here and must be alone, or waits for what runs here to end.
        case nothing
        /// This one runs, and nothing beside it.
        case now(Head)
        /// This one runs if there is nothing else to do: other jobs have their time between two.
        case ifIdle(Head)
    }

    func suspectTurn(
        _ claim: Claim,
        _ capacity: [String: Int],
        in database: Database
    ) throws -> SuspectTurn {
        // Almost always there is none: one step in an empty index.
        guard try Int.fetchOne(database.cachedStatement(sql: Self.anySuspect)) != nil else {
            noteSuspectEnded()
            return .ordinary
        }
        let runs = try Row.fetchOne(
            database.cachedStatement(sql: Self.ownRuns),
            arguments: [claim.worker.rawValue]
        )
        guard let runs else { preconditionFailure("count(*) has a row") }
        let jobs: Int = runs["jobs"]
        let suspects: Int = runs["suspects"]
        if suspects > 0 { return .nothing }
        noteSuspectEnded()
        guard let head = try dueSuspect(claim, capacity, in: database) else { return .ordinary }
        let hasWaited = claim.now >= Timestamp(rawValue: head.runAt) + Limits.suspectPatience
        let isLongAgo =
            claimCursor.suspectEnded.map { clocks.monotonic() >= $0 + Limits.suspectPatience }
            ?? true
        let mustDrain = jobs > 0 && hasWaited && isLongAgo
        if !mustDrain { claimCursor.drainingSince = nil }
        switch (jobs == 0, hasWaited && isLongAgo) {
        case (true, true): return .now(head)
        case (true, false): return .ifIdle(head)
        case (false, true): return drain() ? .nothing : .ordinary
        case (false, false): return .ordinary
        }
    }

    /// Claims nothing for a while, until what runs has ended.
    ///
    /// - Returns: false when that takes too long (a job of hours, or what is left of one that does
    ///   not die): then ordinary jobs go on, and the suspect waits for another time.
    private func drain() -> Bool {
        let now = clocks.monotonic()
        let since = claimCursor.drainingSince ?? now
        claimCursor.drainingSince = since
        guard now >= since + Limits.drainLongest else { return true }
        claimCursor.drainingSince = nil
        claimCursor.suspectEnded = now
        return false
    }

    func claimAlone(
        _ head: Head,
        _ claim: Claim,
        in database: Database
    ) throws -> [ClaimedJob] {
        guard let job = try lease(head, claim, in: database) else { return [] }
        claimCursor.mayRunSuspect = true
        return [job]
    }

    private func noteSuspectEnded() {
        guard claimCursor.mayRunSuspect else { return }
        claimCursor.mayRunSuspect = false
        claimCursor.suspectEnded = clocks.monotonic()
    }

    /// The suspect that is due longest of those that may run now.
    private func dueSuspect(
        _ claim: Claim,
        _ capacity: [String: Int],
        in database: Database
    ) throws -> Head? {
        let rows = try Row.fetchAll(
            database.cachedStatement(sql: Self.dueSuspects),
            arguments: [claim.now.rawValue, Limits.suspectsMost]
        )
        for row in rows {
            let handler: String = row["handler"]
            guard capacity[handler, default: 0] > 0 else { continue }
            let head = Head(row)
            guard try isPaused(head, claim, in: database) else { return head }
            try park(head, as: "paused", in: database)
        }
        return nil
    }

    /// This and the next are served by job_suspect, which holds nothing else.
    static let anySuspect = """
        SELECT 1 FROM job INDEXED BY job_suspect
        WHERE losses > 0 AND state IN ('ready', 'leased')
        LIMIT 1
        """

    private static let dueSuspects = """
        SELECT id, attempt, repo, run_at, route, lane, handler FROM job INDEXED BY job_suspect
        WHERE losses > 0 AND state IN ('ready', 'leased')
            AND state = 'ready'
            AND blocked = 0
            AND parked IS NULL
            AND run_at <= ?
        ORDER BY run_at, id
        LIMIT ?
        """

    /// What a worker runs itself, and not what it has taken over to end it.
    private static let ownRuns = """
        SELECT count(*) AS jobs, coalesce(sum(losses > 0), 0) AS suspects
        FROM job
        JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt
        WHERE job.worker = ?1 AND attempt.worker = ?1
        """
}
