import Foundation
import GRDB

extension SQLiteStore {
    package func waitingToBeRouted(
        atMost count: Int
    ) throws(StoreError) -> [WaitingDelivery] {
        try read { database in
            let deliveries = try Self.fetch(
                Self.waitingDeliveries,
                ["count": count],
                in: database
            )
            if !deliveries.isEmpty { return deliveries }
            return try Self.fetch(
                Self.waitingReplays,
                ["count": count, "now": clocks.now().rawValue],
                in: database
            )
        }
    }

    /// As many as fit into a batch; one that is under suspicion comes alone.
    private static func fetch(
        _ sql: String,
        _ arguments: StatementArguments,
        in database: Database
    ) throws -> [WaitingDelivery] {
        var waiting: [WaitingDelivery] = []
        var bytes = 0
        let statement = try database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while bytes < Limits.batchBytes, let row = try rows.next() {
            let delivery = waitingDelivery(row)
            if delivery.tries > 0, !waiting.isEmpty { break }
            bytes += delivery.body.count
            waiting.append(delivery)
            if delivery.tries > 0 { break }
        }
        return waiting
    }

    private static func waitingDelivery(_ row: Row) -> WaitingDelivery {
        let seq = DeliverySeq(rawValue: row["seq"])
        let replay: Int64? = row["replay"]
        return WaitingDelivery(
            target: replay.map { .replay(id: $0, of: seq) } ?? .delivery(seq),
            source: row["source"],
            id: DeliveryID(rawValue: row["delivery_id"]),
            event: row["event"],
            eventType: row["event_type"],
            isTyped: row["is_typed"],
            targetType: row["target_type"],
            contentType: row["content_type"],
            verifiedBy: row["verified_by"],
            receivedAt: Timestamp(rawValue: row["received_at"]),
            tries: row["tries"],
            body: row["body"] ?? Data()
        )
    }

    package func decide(_ decisions: [Decision]) throws(StoreError) -> RoutingResult {
        try write { database in try self.decide(decisions, in: database) }
    }

    /// Nobody else decides while the transaction holds the write lock, so one look before the first
    /// change is enough, and a stale batch leaves nothing to undo.
    func decide(_ decisions: [Decision], in database: Database) throws -> RoutingResult {
        guard !decisions.isEmpty else { return .decided([]) }
        guard try areStillFirst(decisions, in: database) else { return .stale }
        return .decided(try decisions.map { try write($0, in: database) })
    }

    private func areStillFirst(_ decisions: [Decision], in database: Database) throws -> Bool {
        let oldest = try Int64.fetchOne(database.cachedStatement(sql: Self.oldestWaiting))
        for (place, decision) in decisions.enumerated() {
            switch decision.target {
            case .delivery(let seq):
                if place == 0, oldest != seq.rawValue { return false }
                let waits = try Bool.fetchOne(
                    database.cachedStatement(sql: Self.deliveryWaits),
                    arguments: [seq.rawValue]
                )
                if waits != true { return false }
            case .replay(let id, _):
                let waits = try Bool.fetchOne(
                    database.cachedStatement(sql: Self.replayWaits),
                    arguments: [id]
                )
                if waits != true { return false }
            }
        }
        return true
    }

    private func write(_ decision: Decision, in database: Database) throws -> WrittenDecision {
        let now = clocks.now().rawValue
        switch decision.target {
        case .delivery(let seq):
            let origin = try self.origin(of: seq, decision, in: database)
            var kept = try self.keepRepeatsOut(decision, origin: origin, in: database)
            if let loop = decision.loop {
                try self.breakLoop(loop, &kept, seq, origin, in: database)
            }
            let statement = try database.cachedStatement(sql: Self.decideDelivery)
            try statement.execute(arguments: [
                kept.verdict.rawValue, kept.reason, kept.explanation, kept.payloadSHA256, now,
                seq.rawValue,
            ])
            let jobs = try kept.jobs.map { job in
                try insert(job, of: seq, hash: origin.hash, now: now, in: database)
            }
            return WrittenDecision(verdict: kept.verdict, reason: kept.reason, jobs: jobs)
        case .replay(let id, let seq):
            let asked = try narrowed(decision, toRouteOf: id, in: database)
            let decision = try withoutLiveJobs(asked, of: seq, in: database)
            let statement = try database.cachedStatement(sql: Self.decideReplay)
            try statement.execute(arguments: [
                decision.verdict.rawValue, decision.reason, decision.explanation, now, id,
            ])
            let hash = try self.origin(of: seq, decision, in: database).hash
            let jobs = try decision.jobs.map { job in
                let earlier = try Int64.fetchOne(
                    database.cachedStatement(sql: Self.latestJob),
                    arguments: [seq.rawValue, job.route]
                )
                return try insert(
                    RoutedJob(job, repeats: earlier),
                    of: seq,
                    hash: hash,
                    replay: id,
                    now: now,
                    in: database
                )
            }
            return WrittenDecision(verdict: decision.verdict, reason: decision.reason, jobs: jobs)
        }
    }

    private func insert(
        _ routed: RoutedJob,
        of delivery: DeliverySeq,
        hash: String?,
        replay: Int64? = nil,
        now: Int64,
        in database: Database
    ) throws -> JobID {
        let job = routed.job
        let statement = try database.cachedStatement(sql: Self.insertJob)
        try statement.execute(arguments: [
            delivery.rawValue, job.route, job.handler.rawValue, job.with, job.trustNeeded, job.repo,
            job.lane, now, now, replay, routed.repeats, hash,
        ])
        return JobID(rawValue: database.lastInsertedRowID)
    }

    /// Whether a header named the exact type: Gogs, and Gitea before 1.16, send none.
    ///
    /// `headers` is compact JSON of our own making, and a quote inside of a value is escaped there:
    /// what is looked for can only be a name with what follows it.
    static let isTyped = """
        coalesce(
                event <> event_type
                    OR headers LIKE '%-event-type":"%' AND headers NOT LIKE '%-event-type":""%',
                0
            ) AS is_typed
        """

    /// Served by routing_waiting: costs what waits, not what was ever decided.
    private static let waitingDeliveries = """
        SELECT delivery.seq, NULL AS replay, source, delivery_id, event, event_type,
            \(isTyped), target_type, content_type, verified_by, received_at, tries, body
        FROM routing
        JOIN delivery ON delivery.seq = routing.delivery
        WHERE routing.verdict IS NULL
        ORDER BY routing.delivery
        LIMIT :count
        """

    /// Served by replay_request_waiting.
    private static let waitingReplays = """
        SELECT delivery.seq, replay_request.id AS replay, source, delivery_id, event, event_type,
            \(isTyped), target_type, content_type, verified_by, received_at, tries, body
        FROM replay_request
        JOIN delivery ON delivery.seq = replay_request.delivery
        WHERE replay_request.verdict IS NULL AND not_before <= :now
        ORDER BY not_before, replay_request.id
        LIMIT :count
        """

    private static let oldestWaiting = """
        SELECT delivery FROM routing WHERE verdict IS NULL ORDER BY delivery LIMIT 1
        """

    private static let deliveryWaits = "SELECT verdict IS NULL FROM routing WHERE delivery = ?"

    private static let replayWaits = "SELECT verdict IS NULL FROM replay_request WHERE id = ?"

    private static let decideDelivery = """
        UPDATE routing
        SET verdict = ?, reason = ?, decision = ?, payload_sha256 = ?, decided_at = ?
        WHERE delivery = ? AND verdict IS NULL
        """

    private static let decideReplay = """
        UPDATE replay_request
        SET verdict = ?, reason = ?, decision = ?, decided_at = ?
        WHERE id = ? AND verdict IS NULL
        """

    /// The job that a replayed one repeats: served by job_by_delivery.
    private static let latestJob = """
        SELECT id FROM job WHERE delivery = ? AND route = ? ORDER BY id DESC LIMIT 1
        """

    /// `blocked` is set by trigger job_is_blocked_by_its_lane.
    private static let insertJob = """
        INSERT INTO job (
            delivery, route, handler, "with", trust_needed, repo, lane, run_at, created_at, replay,
            replay_of, payload_sha256)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}
