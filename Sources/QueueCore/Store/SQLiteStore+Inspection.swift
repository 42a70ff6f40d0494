package import struct Foundation.Data
import GRDB

/// What operators ask for: reads only.
extension SQLiteStore {
    package func find(delivery text: String) throws(StoreError) -> DeliveryLookup {
        try read { database in
            if let number = Int64(text), String(number) == text {
                let seq = try Int64.fetchOne(
                    database,
                    sql: "SELECT seq FROM delivery WHERE seq = ?",
                    arguments: [number]
                )
                if let seq { return .found(DeliverySeq(rawValue: seq)) }
            }
            let exact = try Int64.fetchAll(database, sql: Self.withID, arguments: [text])
            if let answer = Self.single(exact) { return answer }
            guard text.utf8.count >= Self.shortestPrefix else { return .none }
            let beginning = try Int64.fetchAll(
                database,
                sql: Self.withIDFrom,
                arguments: [text]
            )
            return Self.single(beginning) ?? .none
        }
    }

    private static func single(_ found: [Int64]) -> DeliveryLookup? {
        switch found.count {
        case 0: nil
        case 1: .found(DeliverySeq(rawValue: found[0]))
        default: .ambiguous
        }
    }

    /// Characters of a delivery id that are enough to name it.
    private static let shortestPrefix = 8

    package func status() throws(StoreError) -> StoreStatus {
        try read { database in
            let store = try Row.fetchOne(database, sql: "SELECT uuid, schema FROM store")
            guard let store else { throw StoreError.corrupt(path: path, reason: "no store row") }
            var jobs: [JobState: Int] = [:]
            for row in try Row.fetchAll(database, sql: Self.jobCounts) {
                guard let state = JobState(rawValue: row[0]) else { continue }
                jobs[state] = row[1]
            }
            let oldest = try Row.fetchOne(database, sql: Self.oldestWaiting)
            return StoreStatus(
                uuid: store["uuid"],
                schema: store["schema"],
                deliveries: try Int.fetchOne(database, sql: "SELECT count(*) FROM routing") ?? 0,
                toBeRouted: try Int.fetchOne(database, sql: Self.toBeRouted) ?? 0,
                jobs: jobs,
                oldestWaiting: (oldest?["since"] as Int64?).map(Timestamp.init(rawValue:)),
                databaseBytes: try Int64.fetchOne(
                    database,
                    sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
                )
                    ?? 0,
                oldestWaitingJob: (oldest?["job"] as Int64?).map(JobID.init(rawValue:)),
                giteaTrouble: try GiteaTrouble(database)
            )
        }
    }

    package func records(_ query: RecordQuery) throws(StoreError) -> [Record] {
        let (sql, arguments) = Self.statement(for: query)
        return try read { database in
            try Row.fetchAll(database, sql: sql, arguments: arguments).map(Self.record)
        }
    }

    package func body(of delivery: DeliverySeq) throws(StoreError) -> Data? {
        try read { database in
            try Data.fetchOne(
                database,
                sql: "SELECT body FROM delivery WHERE seq = ?",
                arguments: [delivery.rawValue]
            )
        }
    }

    package func output(
        of job: JobID,
        attempt: Int64?
    ) throws(StoreError) -> AttemptOutput? {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT bytes, output FROM attempt_output
                    JOIN attempt ON attempt.id = attempt_output.attempt
                    WHERE job = ? AND number = coalesce(?, number)
                    ORDER BY number DESC
                    LIMIT 1
                    """,
                arguments: [job.rawValue, attempt]
            )
            return row.map { AttemptOutput(kept: $0["output"], bytes: $0["bytes"]) }
        }
    }

    private static func statement(for query: RecordQuery) -> (String, StatementArguments) {
        switch query {
        case .deliveries(let limit, let eventType, let verdict):
            (
                """
                \(deliveryColumns)
                WHERE (?1 IS NULL OR event_type = ?1)
                    AND (?2 IS NULL OR coalesce(verdict, 'waiting') = ?2)
                ORDER BY seq DESC
                LIMIT ?3
                """, [eventType, verdict, limit]
            )
        case .delivery(let seq):
            ("\(deliveryColumns) WHERE seq = ?", [seq.rawValue])
        case .jobs(let selection, let limit): newest(limit, SelectionFilter(jobs: selection))
        case .running:
            ("\(jobColumns) WHERE worker IS NOT NULL ORDER BY id", [])
        case .job(let id):
            ("\(jobColumns) WHERE id = ?", [id.rawValue])
        case .attempts(let job):
            (
                """
                SELECT id, job, number, worker, started_at, ended_at, outcome, exit_code, signal,
                    http_status, error
                FROM attempt WHERE job = ? ORDER BY number
                """, [job.rawValue]
            )
        case .deadLetters(let limit):
            (
                """
                \(jobColumns)
                WHERE state = 'dead'
                ORDER BY finished_at DESC, id DESC
                LIMIT ?
                """, [limit]
            )
        case .workers:
            (
                """
                SELECT id, host, pid, version, started_at, heartbeat_at, stopped_at, breakers,
                    configuration_error
                FROM worker WHERE stopped_at IS NULL ORDER BY started_at, id
                """, []
            )
        case .incidents(let limit):
            (
                """
                SELECT id, kind, source, subject, detail, count, first_at, last_at, resolved_at
                FROM incident ORDER BY last_at DESC, id DESC LIMIT ?
                """, [limit]
            )
        case .replayBatches(let limit):
            (replayBatches, [limit])
        case .verifications(let newest):
            // SQLite takes a negative limit for none (sqlite.org/lang_select.html).
            (verifications, [newest ?? -1])
        case .jobCounts(let selection):
            counts(
                of: SelectionFilter(jobs: selection),
                "job.route AS route, job.handler AS handler, job.state AS state, "
                    + "job.reason AS reason, count(*) AS jobs",
                by: 4
            )
        case .deliveryCounts(let selection):
            counts(
                of: SelectionFilter(deliveries: selection),
                "delivery.event_type AS event_type, "
                    + "routing.verdict AS verdict, count(*) AS deliveries",
                by: 2
            )
        }
    }

    /// Chosen first, so that no column has to say whose it is.
    private static func newest(
        _ limit: Int,
        _ filter: SelectionFilter
    ) -> (String, StatementArguments) {
        let chosen = "SELECT job.id \(filter.clause) ORDER BY job.id DESC LIMIT ?"
        return (
            "\(jobColumns) WHERE id IN (\(chosen)) ORDER BY id DESC",
            filter.arguments + [limit]
        )
    }

    /// The first columns, and how many rows have the same in them.
    private static func counts(
        of filter: SelectionFilter,
        _ columns: String,
        by count: Int
    ) -> (String, StatementArguments) {
        let places = (1...count).map(String.init).joined(separator: ", ")
        let order = "ORDER BY \(count + 1) DESC, \(places)"
        return ("SELECT \(columns) \(filter.clause) GROUP BY \(places) \(order)", filter.arguments)
    }

    /// Served by replay_request_by_batch.
    private static let replayBatches = """
        SELECT batch, min(requested_at) AS requested_at, max(not_before) AS last_at,
            count(*) AS deliveries, count(*) - count(verdict) AS waiting,
            count(*) FILTER (WHERE verdict = 'cancelled') AS cancelled, only_route,
            (SELECT count(*) FROM replay_request AS member
                JOIN job ON job.replay = member.id
                WHERE member.batch = replay_request.batch) AS jobs
        FROM replay_request
        GROUP BY batch
        ORDER BY batch DESC
        LIMIT ?
        """

    /// Backwards by seq: of each row no more is read than stands before its headers and body.
    private static let verifications = """
        SELECT source, verified_by, count(*) AS deliveries, max(received_at) AS last_at,
            min(received_at) AS first_at
        FROM (SELECT source, verified_by, received_at FROM delivery ORDER BY seq DESC LIMIT ?)
        GROUP BY source, verified_by
        ORDER BY source, last_at DESC, verified_by
        """

    private static let deliveryColumns = """
        SELECT seq, source, delivery_id, event, event_type, target_type, received_at, remote,
            content_type, headers, verified_by, length(body) AS body_bytes, body_pruned_at,
            verdict, reason, decision, payload_sha256, decided_at,
            coalesce((SELECT count FROM delivery_repeat WHERE delivery = seq), 0) AS repeats
        FROM delivery
        LEFT JOIN routing ON routing.delivery = delivery.seq
        """

    private static let jobColumns = """
        SELECT id, delivery, route, handler, "with", trust_needed, repo, lane, blocked, priority,
            run_at, parked, state, attempt, failures, losses, snoozed_since, worker,
            cancel_requested, replay, replay_of, reason, created_at, finished_at, died_at,
            (SELECT error FROM attempt WHERE attempt.job = job.id
                AND attempt.number = job.attempt) AS last_error
        FROM job
        """

    /// Columns with other contents than their type says are known by name.
    private static func record(_ row: Row) -> Record {
        Record(
            row.map { name, value in
                switch value.storage {
                case .null: (name, .null)
                case .int64(let time) where name.hasSuffix("_at") || name == "snoozed_since":
                    (name, .time(Timestamp(rawValue: time)))
                case .int64(let number): (name, .integer(number))
                case .double(let number): (name, .real(number))
                case .string(let text) where jsonColumns.contains(name): (name, .json(text))
                case .string(let text): (name, .text(text))
                case .blob(let bytes): (name, .text("\(bytes.count) bytes"))
                }
            }
        )
    }

    private static let jsonColumns: Set = ["headers", "decision", "with", "breakers"]

    /// This and the next: one seek in the unique index for each source.
    private static let withID = """
        SELECT delivery.seq FROM sources
        JOIN delivery ON delivery.source = sources.source
        WHERE delivery.delivery_id = ?
        LIMIT 2
        """

    /// Every text with a given beginning is at least the beginning, and less than it with the
    /// greatest character after it.
    private static let withIDFrom = """
        SELECT delivery.seq FROM sources
        JOIN delivery ON delivery.source = sources.source
        WHERE delivery.delivery_id >= ?1
            AND delivery.delivery_id < ?1 || char(1114111)
            AND substr(delivery.delivery_id, 1, length(?1)) = ?1
        LIMIT 2
        """

    /// One pass over the jobs.
    private static let jobCounts = "SELECT state, count(*) FROM job GROUP BY state"

    private static let toBeRouted = """
        SELECT (SELECT count(*) FROM routing WHERE verdict IS NULL)
            + (SELECT count(*) FROM replay_request WHERE verdict IS NULL)
        """

    /// Ids grow with time, so the first that waits is the oldest: few rows are read of each kind.
    private static let oldestWaiting = """
        SELECT NULL AS job, received_at AS since FROM delivery WHERE seq = (
            SELECT delivery FROM routing INDEXED BY routing_waiting
            WHERE verdict IS NULL ORDER BY delivery LIMIT 1)
        UNION ALL
        SELECT NULL, requested_at FROM replay_request WHERE id = (
            SELECT id FROM replay_request INDEXED BY replay_request_waiting
            WHERE verdict IS NULL ORDER BY id LIMIT 1)
        UNION ALL
        SELECT id, created_at FROM job WHERE id = (
            SELECT id FROM job INDEXED BY job_live
            WHERE state IN ('ready', 'leased') AND state = 'ready' ORDER BY id LIMIT 1)
        ORDER BY since
        LIMIT 1
        """
}
