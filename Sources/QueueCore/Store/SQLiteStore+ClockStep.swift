import GRDB

/// What happens when somebody sets the wall clock back.
///
/// `run_at` is wall time, for people. After a step back of an hour a job that was due in ten
/// seconds would wait an hour and ten seconds; so what is not yet due moves with the clock.
extension SQLiteStore {
    /// Compares the wall clock with the monotonic one; the first process that sees a step back
    /// pulls the jobs in, in its own transaction, so that it is done once.
    func followClock(in database: Database) throws {
        let now = clocks.now()
        let lead = now.rawValue.adding(saturating: -clocks.monotonic().rawValue)
        let known = try Row.fetchOne(database.cachedStatement(sql: Self.knownLead))
        let step = Duration.microseconds(lead) - .microseconds(known?["wall_lead"] ?? lead)
        let isSameBoot = known?["wall_boot"] == clocks.bootID
        if isSameBoot, step.magnitude < Self.smallestStep { return }
        if isSameBoot, step < .zero {
            for sql in [Self.pullIn, Self.pullReplaysIn] {
                try database.cachedStatement(sql: sql).execute(arguments: [
                    step.microseconds, now.rawValue,
                ])
            }
        }
        try database.cachedStatement(sql: Self.rememberLead)
            .execute(arguments: [lead, clocks.bootID])
    }

    /// Less is drift that NTP works off, or the time between two readings.
    private static let smallestStep = Duration.seconds(1)

    private static let knownLead = "SELECT wall_lead, wall_boot FROM store WHERE id = 1"

    private static let rememberLead = "UPDATE store SET wall_lead = ?, wall_boot = ? WHERE id = 1"

    /// Served by job_live: it walks what is live, once per step.
    private static let pullIn = """
        UPDATE job INDEXED BY job_live SET run_at = run_at + ?
        WHERE state IN ('ready', 'leased') AND state = 'ready' AND run_at > ?
        """

    /// Served by replay_request_waiting.
    private static let pullReplaysIn = """
        UPDATE replay_request SET not_before = not_before + ?
        WHERE verdict IS NULL AND not_before > ?
        """
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
