import GRDB

/// Jobs that wait, and hold their lanes, because Gitea does not say how far their senders are
/// trusted.
package struct GiteaTrouble: Equatable, Sendable {
    /// How the error of an attempt begins that asked in vain.
    package static let errorStart = "the sender's trust could not be asked: "

    /// Those that asked; others may wait behind them in their lanes.
    package var jobs: Int
    /// Since when the first of them has been asking.
    package var since: Timestamp
    /// When one of them asked last.
    package var lastAt: Timestamp
    /// What came of that.
    package var lastError: String

    package init(jobs: Int, since: Timestamp, lastAt: Timestamp, lastError: String) {
        self.jobs = jobs
        self.since = since
        self.lastAt = lastAt
        self.lastError = lastError
    }
}

extension GiteaTrouble {
    /// Nil when no job waits for an answer.
    init?(_ database: Database) throws {
        let row = try Row.fetchOne(database, sql: Self.waiting, arguments: [Self.errorStart])
        guard let row else { return nil }
        self.init(
            jobs: row["jobs"],
            since: Timestamp(rawValue: row["since"]),
            lastAt: Timestamp(rawValue: row["last_at"]),
            lastError: String((row["error"] as String).dropFirst(Self.errorStart.count))
        )
    }

    /// Along job_live, and one seek for each job that snoozes; one that asks again right now counts
    /// by its attempt before.
    private static let waiting = """
        SELECT count(*) OVER () AS jobs, min(job.snoozed_since) OVER () AS since,
            attempt.ended_at AS last_at, attempt.error AS error
        FROM job INDEXED BY job_live
        JOIN attempt ON attempt.job = job.id
            AND attempt.number = job.attempt - (job.state = 'leased')
        WHERE job.state IN ('ready', 'leased')
            AND job.trust_needed IS NOT NULL
            AND job.snoozed_since IS NOT NULL
            AND attempt.outcome = 'snooze'
            AND substr(attempt.error, 1, length(?1)) = ?1
        ORDER BY attempt.ended_at DESC
        LIMIT 1
        """
}
