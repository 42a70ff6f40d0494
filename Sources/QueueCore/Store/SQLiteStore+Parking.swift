import GRDB

/// Parked jobs: put out of the claims' sight, because they are not due or paused.
extension SQLiteStore {
    func park(
        _ head: Head,
        as note: String,
        in database: Database
    ) throws {
        try RawStatement(Self.parkJob, in: database).run(note, head.id)
    }

    func isPaused(_ head: Head, _ claim: Claim, in database: Database) throws -> Bool {
        if claim.pausedRoutes.contains(head.route) { return true }
        guard claim.areLanesPaused, let lane = head.lane else { return false }
        return try RawStatement(Self.lanePause, in: database).first(lane) { _ in true } ?? false
    }

    /// Brings back what is due, and what belongs to a route and a lane that are no longer paused.
    ///
    /// Of a paused lane only the head can be parked: it blocks the others. They are looked at only
    /// after a pause has ended, so that five thousand paused lanes cost nothing.
    func unpark(_ claim: inout Claim, in database: Database) throws {
        try RawStatement(Self.unparkDue, in: database).run(claim.now.rawValue, Limits.parkedMost)
        var left = Limits.parkedMost - database.changesCount
        let endedPauses = try Int64.fetchOne(database.cachedStatement(sql: Self.pausesThatEnded))
        guard let endedPauses, endedPauses != claimCursor.endedPauses else {
            if left <= 0 { claim.isCutShort = true }
            return
        }
        var route: String? = ""
        while left > 0, let last = route {
            route = try RawStatement(Self.nextParkedRoute, in: database).first(last) { $0[0] }
            guard let route, !claim.pausedRoutes.contains(route) else { continue }
            try RawStatement(Self.unparkRoute, in: database).run(route, left)
            left -= database.changesCount
        }
        if left <= 0 {
            claim.isCutShort = true
        } else {
            claim.endedPauses = endedPauses
        }
    }

    private static let lanePause = "SELECT 1 FROM pause WHERE kind = 'lane' AND name = ?"

    private static let pausesThatEnded = "SELECT ended_pauses FROM store WHERE id = 1"

    private static let parkJob = "UPDATE job SET parked = ? WHERE id = ? AND state = 'ready'"

    /// Served by job_delayed: one seek when nothing is due.
    static let unparkDue = """
        UPDATE job SET parked = NULL
        WHERE id IN (
            SELECT id FROM job
            WHERE state = 'ready' AND parked = 'delayed' AND run_at <= ?
            ORDER BY run_at, id
            LIMIT ?)
        """

    /// Served by job_paused: one seek for each paused route.
    static let nextParkedRoute = """
        SELECT route FROM job
        WHERE state = 'ready' AND parked = 'paused' AND route > ?
        ORDER BY route
        LIMIT 1
        """

    static let unparkRoute = """
        UPDATE job SET parked = NULL
        WHERE id IN (
            SELECT id FROM job
            WHERE state = 'ready' AND parked = 'paused' AND route = ?
                AND NOT EXISTS (
                    SELECT 1 FROM pause WHERE kind = 'lane' AND name = job.lane)
            ORDER BY id
            LIMIT ?)
        """
}
