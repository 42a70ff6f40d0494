import GRDB

extension SQLiteStore {
    package func situation(of id: JobID) throws(StoreError) -> JobSituation? {
        try read { database in
            let job = try Row.fetchOne(database, sql: Self.situated, arguments: [id.rawValue])
            guard let job, let state = JobState(rawValue: job["state"]) else { return nil }
            let handler = HandlerName(rawValue: job["handler"])
            let route: String = job["route"]
            let lane: String? = job["lane"]
            let pauses = try Self.allPauses(in: database)
            return JobSituation(
                job: id,
                state: state,
                handler: handler,
                route: route,
                lane: lane,
                attempt: job["attempt"],
                runAt: Timestamp(rawValue: job["run_at"]),
                reason: job["reason"],
                finishedAt: (job["finished_at"] as Int64?).map(Timestamp.init(rawValue:)),
                diedAt: (job["died_at"] as Int64?).map(Timestamp.init(rawValue:)),
                worker: (job["worker"] as String?).map(WorkerID.init(rawValue:)),
                cancelRequested: job["cancel_requested"],
                laneHolder: job["blocked"] ? try Self.holder(of: lane, pauses, in: database) : nil,
                aheadInLane: try Self.count(
                    Self.aheadInLane,
                    [lane, id.rawValue],
                    in: database
                ),
                runningOfHandler: try Self.count(
                    Self.runningOfHandler,
                    [handler.rawValue],
                    in: database
                ),
                readyOfHandler: try Self.count(
                    Self.readyOfHandler,
                    [handler.rawValue],
                    in: database
                ),
                pauses: pauses.filter { $0.concerns(handler, route: route, lane: lane) },
                workers: try Self.workers(in: database),
                lastError: job["last_error"],
                losses: job["losses"],
                suspect: try Int64.fetchOne(
                    database,
                    sql: Self.otherSuspect,
                    arguments: [id.rawValue]
                ).map(JobID.init(rawValue:))
            )
        }
    }

    private static func holder(
        of lane: String?,
        _ pauses: [Pause],
        in database: Database
    ) throws -> JobSituation.LaneHolder? {
        let row = try Row.fetchOne(database, sql: laneHolder, arguments: [lane])
        guard let row, let state = JobState(rawValue: row["state"]) else { return nil }
        let handler = HandlerName(rawValue: row["handler"])
        let route: String = row["route"]
        return JobSituation.LaneHolder(
            job: JobID(rawValue: row["id"]),
            state: state,
            runAt: Timestamp(rawValue: row["run_at"]),
            pauses: state == .ready
                ? pauses.filter { $0.concerns(handler, route: route, lane: lane) } : []
        )
    }

    private static func workers(
        in database: Database
    ) throws -> [JobSituation.WorkerSighting] {
        try Row.fetchAll(database, sql: sightings).map { row in
            JobSituation.WorkerSighting(
                id: WorkerID(rawValue: row["id"]),
                leased: row["leased"],
                breakers: row["breakers"]
            )
        }
    }

    private static func count(
        _ sql: String,
        _ arguments: StatementArguments,
        in database: Database
    ) throws -> Int {
        try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
    }

    private static let situated = """
        SELECT state, handler, route, lane, blocked, attempt, run_at, reason, finished_at, died_at,
            worker, cancel_requested, losses,
            (SELECT error FROM attempt WHERE attempt.job = job.id
                AND attempt.number = job.attempt) AS last_error
        FROM job
        WHERE id = ?
        """

    /// Served by job_lane_runs_one_at_a_time and job_lane_live: the leased job, else the first.
    private static let laneHolder = """
        SELECT id, state, run_at, handler, route FROM job
        WHERE id = coalesce(
            (SELECT id FROM job AS held WHERE held.lane = ?1 AND held.state = 'leased'),
            (SELECT id FROM job AS live
                WHERE live.lane = ?1 AND live.state IN ('ready', 'leased')
                    AND live.off_lane = 0
                ORDER BY live.id LIMIT 1))
        """

    private static let aheadInLane = """
        SELECT count(*) FROM job
        WHERE lane = ? AND state IN ('ready', 'leased') AND off_lane = 0 AND id < ?
        """

    private static let runningOfHandler = """
        SELECT count(*) FROM job WHERE worker IS NOT NULL AND handler = ?
        """

    /// Counts along job_claimable; for people a thousand is as good as a million.
    private static let readyOfHandler = """
        SELECT count(*) FROM (
            SELECT 1 FROM job
            WHERE state = 'ready' AND blocked = 0 AND parked IS NULL AND handler = ?
            LIMIT 100000)
        """

    private static let otherSuspect = """
        SELECT id FROM job INDEXED BY job_suspect
        WHERE losses > 0 AND state IN ('ready', 'leased')
            AND blocked = 0
            AND parked IS NULL
            AND id <> ?
        ORDER BY state, run_at, id
        LIMIT 1
        """

    private static let sightings = """
        SELECT id, breakers,
            (SELECT count(*) FROM job WHERE job.worker = worker.id) AS leased
        FROM worker
        WHERE stopped_at IS NULL
        ORDER BY started_at, id
        """
}
