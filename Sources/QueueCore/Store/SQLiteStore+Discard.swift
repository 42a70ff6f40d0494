import GRDB

/// Dead jobs that operators take off the list, and put back.
extension SQLiteStore {
    package func discard(_ jobs: [JobID]) throws(StoreError) -> [JobChange] {
        try write { database in
            try jobs.map { job in
                guard let state = try Self.state(of: job, in: database) else { return .unknown }
                guard state == .dead else {
                    return try Self.refusal(of: job, in: state, database)
                }
                try database.cachedStatement(sql: Self.discardDead)
                    .execute(arguments: [clocks.now().rawValue, job.rawValue])
                return .changed
            }
        }
    }

    package func undiscard(_ jobs: [JobID]) throws(StoreError) -> [JobChange] {
        try write { database in
            try jobs.map { job in
                guard let state = try Self.state(of: job, in: database) else { return .unknown }
                try database.cachedStatement(sql: Self.takeBack).execute(arguments: [job.rawValue])
                return database.changesCount > 0 ? .changed : .refused(state)
            }
        }
    }

    /// Why a job is left alone by what is done with dead ones.
    static func refusal(
        of job: JobID,
        in state: JobState,
        _ database: Database
    ) throws -> JobChange {
        let isDiscarded = try Bool.fetchOne(
            database.cachedStatement(sql: "SELECT died_at IS NOT NULL FROM job WHERE id = ?"),
            arguments: [job.rawValue]
        )
        return isDiscarded == true ? .discarded : .refused(state)
    }

    /// The same change as trigger discard_by_hand, with the injected clock.
    ///
    /// It ends now, so that it is kept for a whole retention, and knows when it had died.
    private static let discardDead = """
        UPDATE job
        SET state = 'cancelled', reason = 'discarded: ' || reason, died_at = finished_at,
            finished_at = ?
        WHERE id = ? AND state = 'dead'
        """

    /// The same change as trigger undiscard_by_hand.
    private static let takeBack = """
        UPDATE job
        SET state = 'dead', finished_at = died_at, died_at = NULL,
            reason = iif(substr(reason, 1, 11) = 'discarded: ', substr(reason, 12), reason)
        WHERE id = ? AND died_at IS NOT NULL
        """
}
