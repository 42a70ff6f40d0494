import GRDB

/// What the queue is doing.
extension Examination {
    /// Looks at work, as of one moment.
    ///
    /// The clock is read when the look begins, however long other questions took before it:
    /// otherwise what came meanwhile would seem to come from the future.
    ///
    /// - Parameters:
    ///   - clocks: where the time comes from.
    ///   - retention: what pruning keeps.
    /// - Returns: nil for a store of an older schema, which no service works on.
    /// - Throws: what keeps the store from being read.
    package func work(
        clocks: Clocks,
        retention: Retention
    ) throws(StoreError) -> WorkFacts? {
        guard schema >= 2 else { return nil }
        return try read { database in
            // Asked first: no delivery of this snapshot came after the time that is read next.
            let newest = try Int64.fetchOne(database, sql: "SELECT max(received_at) FROM delivery")
            let reading = clocks.reading
            let clock = try WallClock(examined: database, at: reading)
            var facts = try WorkFacts(
                database,
                clock,
                now: reading.now,
                retention: retention
            )
            facts.newestReceived = newest.map(Timestamp.init(rawValue:))
            return facts
        }
    }

    /// Leaves out workers that said since that they stopped, and attempts that ended since.
    ///
    /// A worker that stops writes that into its row and then lets go of its lock: of one whose lock
    /// is free, this row says whether it died.
    ///
    /// - Parameters:
    ///   - facts: an earlier look.
    ///   - alive: the workers that held their lock after that look; they are not asked about.
    /// - Returns: what is still so.
    /// - Throws: what keeps the store from being read.
    package func rechecked(
        _ facts: WorkFacts,
        alive: Set<WorkerID>
    ) throws(StoreError) -> WorkFacts {
        let seen = facts.workers + facts.leases.map(\.worker)
        guard seen.contains(where: { !alive.contains($0) }) else { return facts }
        return try read { database in
            let workers = Set(try WorkFacts.workers(in: database))
            let tokens = Set(try WorkFacts.leases(in: database).map(\.token))
            var facts = facts
            facts.workers.removeAll { !alive.contains($0) && !workers.contains($0) }
            facts.leases.removeAll { !alive.contains($0.worker) && !tokens.contains($0.token) }
            return facts
        }
    }

    /// How large the file is.
    package func bytes() throws(StoreError) -> Int64 {
        try read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            ) ?? 0
        }
    }

    package func uuid() throws(StoreError) -> String {
        try read { try String.fetchOne($0, sql: "SELECT uuid FROM store") ?? "" }
    }
}

extension WorkFacts {
    fileprivate init(
        _ database: Database,
        _ clock: WallClock,
        now: Timestamp,
        retention: Retention
    ) throws {
        let dayAgo = (now + .seconds(-86_400)).rawValue
        func time(_ sql: String, _ arguments: StatementArguments = []) throws -> Timestamp? {
            try Int64.fetchOne(database, sql: sql, arguments: arguments)
                .map(Timestamp.init(rawValue:))
        }
        func number(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
            try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
        }
        self.init()
        self.now = now
        workers = try Self.workers(in: database)
        leases = try Self.leases(in: database)
        configurationErrors = try Self.configurationErrors(in: database)
        waiting = try number("SELECT count(*) FROM routing WHERE verdict IS NULL")
        oldestWaiting = try time(Self.oldestUndecided)
        dueJobs = try number(Self.due("count(*)"), [now.rawValue])
        oldestDueJob = try time(Self.due("min(run_at)"), [now.rawValue])
        giteaTrouble = try GiteaTrouble(database)
        dead = try number("SELECT count(*) FROM job WHERE state = 'dead'")
        oldestDead = try time("SELECT min(finished_at) FROM job WHERE state = 'dead'")
        newlyQuarantined = try number(Self.quarantined, [dayAgo])
        newlyPoisoned = try number(Self.poisoned, [dayAgo])
        pauses = try SQLiteStore.allPauses(in: database)
        incidents = try Row.fetchAll(database, sql: Self.recentIncidents, arguments: [dayAgo])
            .map { Incidents(kind: $0["kind"], count: $0["count"]) }
        overdue = try Self.overdue(now: now, clock, retention: retention, in: database)
        clockSteps = clock.steps.filter { step in
            let kept = retention.deliveries ?? Self.stepsMatter
            return step.ahead >= Self.stepsCount && clock.passed(from: step.at, to: now) < kept
        }
    }

    fileprivate static func workers(in database: Database) throws -> [WorkerID] {
        try String.fetchAll(
            database,
            sql: "SELECT id FROM worker WHERE stopped_at IS NULL ORDER BY started_at, id"
        ).map(WorkerID.init(rawValue:))
    }

    /// None in a store of a schema from before workers told.
    private static func configurationErrors(in database: Database) throws -> [WorkerID: String] {
        guard try database.columns(in: "worker").contains(where: { $0.name == mistake }) else {
            return [:]
        }
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT id, \(mistake) FROM worker WHERE stopped_at IS NULL AND \(mistake) <> ''"
        )
        return Dictionary(
            uniqueKeysWithValues: rows.map { (WorkerID(rawValue: $0[0]), $0[1] as String) }
        )
    }

    private static let mistake = "configuration_error"

    fileprivate static func leases(in database: Database) throws -> [Lease] {
        try Row.fetchAll(database, sql: leased).map(Lease.init)
    }

    /// What pruning should have taken an hour ago, by kind.
    private static func overdue(
        now: Timestamp,
        _ clock: WallClock,
        retention: Retention,
        in database: Database
    ) throws -> [String] {
        func isBehind(_ sql: String, _ kept: Duration?) throws -> Bool {
            guard let kept else { return false }
            let before = clock.time(kept + Self.pruningSlack, before: now)
            return try Int64.fetchOne(
                database,
                sql: sql,
                arguments: ["before": before.rawValue, "count": 1]
            ) != nil
        }
        var kinds: [String] = []
        if try isBehind(SQLiteStore.prunableBodies, retention.bodies) { kinds.append("bodies") }
        if try isBehind(SQLiteStore.prunableJobs, retention.jobs) { kinds.append("jobs") }
        if try isBehind(SQLiteStore.prunableDeliveries, retention.deliveries) {
            kinds.append("deliveries")
        }
        return kinds
    }

    /// A worker looks every minute; an hour is a worker that does not get to it.
    private static let pruningSlack = Duration.seconds(3600)

    /// Less is no matter for what is kept for days.
    private static let stepsCount = Duration.seconds(3600)

    /// Of deliveries that are kept for ever: as long as a repeat is known as one.
    private static let stepsMatter = Limits.repeatWindow

    private static let leased = """
        SELECT job.id, job.attempt, job.worker, job.lease_until, job.lease_boot, attempt.started_at
        FROM job
        LEFT JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt
        WHERE job.state = 'leased'
        ORDER BY job.id
        """

    private static let oldestUndecided = """
        SELECT received_at FROM delivery
        WHERE seq = (SELECT delivery FROM routing WHERE verdict IS NULL ORDER BY delivery LIMIT 1)
        """

    /// Jobs that could run now if a slot were free.
    private static func due(_ what: String) -> String {
        """
        SELECT \(what) FROM job
        WHERE state = 'ready'
            AND blocked = 0
            AND run_at <= ?
            AND NOT EXISTS (
                SELECT 1 FROM pause
                WHERE kind = 'everything'
                    OR (kind = 'handler' AND name = job.handler)
                    OR (kind = 'route' AND name = job.route))
        """
    }

    private static let quarantined = """
        SELECT count(*) FROM job
        WHERE state = 'dead' AND finished_at >= ? AND reason LIKE 'quarantined%'
        """

    private static let poisoned = """
        SELECT count(*) FROM routing WHERE verdict = 'dead' AND decided_at >= ?
        """

    private static let recentIncidents = """
        SELECT kind, sum(count) AS count FROM incident WHERE last_at >= ? GROUP BY kind ORDER BY kind
        """
}

extension WorkFacts.Lease {
    fileprivate init(_ row: Row) {
        self.init(
            token: AttemptToken(
                job: JobID(rawValue: row["id"]),
                attempt: max(row["attempt"], 1)
            ),
            worker: WorkerID(rawValue: row["worker"] ?? ""),
            until: MonotonicTime(rawValue: row["lease_until"] ?? 0),
            boot: row["lease_boot"] ?? "",
            startedAt: (row["started_at"] as Int64?).map(Timestamp.init(rawValue:))
        )
    }
}
