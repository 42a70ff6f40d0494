import Foundation
import GRDB

extension SQLiteStore {
    package func waitingToBeRouted(
        atMost count: Int
    ) throws(StoreError) -> [WaitingDelivery] {
        try read { database in
            let deliveries = try Self.fetch(Self.waitingDeliveries, count, in: database)
            if !deliveries.isEmpty { return deliveries }
            return try Self.fetch(Self.waitingReplays, count, in: database)
        }
    }

    private static func fetch(
        _ sql: String,
        _ count: Int,
        in database: Database
    ) throws -> [WaitingDelivery] {
        var waiting: [WaitingDelivery] = []
        var bytes = 0
        let statement = try database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: [count])
        while bytes < Limits.batchBytes, let row = try rows.next() {
            let seq = DeliverySeq(rawValue: row["seq"])
            let replay: Int64? = row["replay"]
            let delivery = WaitingDelivery(
                target: replay.map { .replay(id: $0, of: seq) } ?? .delivery(seq),
                source: row["source"],
                id: DeliveryID(rawValue: row["delivery_id"]),
                event: row["event"],
                eventType: row["event_type"],
                contentType: row["content_type"],
                verifiedBy: row["verified_by"],
                receivedAt: Timestamp(rawValue: row["received_at"]),
                body: row["body"] ?? Data()
            )
            bytes += delivery.body.count
            waiting.append(delivery)
        }
        return waiting
    }

    package func decide(_ decisions: [Decision]) throws(StoreError) -> RoutingResult {
        try write { database in
            // Nobody else decides while this transaction holds the write lock, so one look before
            // the first change is enough, and a stale batch leaves nothing to undo.
            guard try self.areStillFirst(decisions, in: database) else { return .stale }
            return .decided(try decisions.flatMap { try self.write($0, in: database) })
        }
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

    private func write(_ decision: Decision, in database: Database) throws -> [JobID] {
        let now = clocks.now().rawValue
        var replay: Int64?
        switch decision.target {
        case .delivery(let seq):
            let statement = try database.cachedStatement(sql: Self.decideDelivery)
            try statement.execute(arguments: [
                decision.verdict.rawValue, decision.reason, decision.explanation,
                decision.payloadSHA256, now, seq.rawValue,
            ])
        case .replay(let id, _):
            replay = id
            let statement = try database.cachedStatement(sql: Self.decideReplay)
            try statement.execute(arguments: [
                decision.verdict.rawValue, decision.reason, decision.explanation, now, id,
            ])
        }
        return try decision.jobs.map { job in
            try insert(job, for: decision.target.delivery, replay: replay, now: now, in: database)
        }
    }

    private func insert(
        _ job: NewJob,
        for delivery: DeliverySeq,
        replay: Int64?,
        now: Int64,
        in database: Database
    ) throws -> JobID {
        let replayOf = try replay.flatMap { _ in
            try Int64.fetchOne(
                database.cachedStatement(sql: Self.latestJob),
                arguments: [delivery.rawValue, job.route]
            )
        }
        let statement = try database.cachedStatement(sql: Self.insertJob)
        try statement.execute(arguments: [
            delivery.rawValue, job.route, job.handler.rawValue, job.with, job.repo, job.lane, now,
            now, replay, replayOf,
        ])
        return JobID(rawValue: database.lastInsertedRowID)
    }

    /// Served by routing_waiting: costs what waits, not what was ever decided.
    private static let waitingDeliveries = """
        SELECT delivery.seq, NULL AS replay, source, delivery_id, event, event_type,
            content_type, verified_by, received_at, body
        FROM routing
        JOIN delivery ON delivery.seq = routing.delivery
        WHERE routing.verdict IS NULL
        ORDER BY routing.delivery
        LIMIT ?
        """

    /// Served by replay_request_waiting.
    private static let waitingReplays = """
        SELECT delivery.seq, replay_request.id AS replay, source, delivery_id, event, event_type,
            content_type, verified_by, received_at, body
        FROM replay_request
        JOIN delivery ON delivery.seq = replay_request.delivery
        WHERE replay_request.verdict IS NULL
        ORDER BY replay_request.id
        LIMIT ?
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
            delivery, route, handler, "with", repo, lane, run_at, created_at, replay, replay_of)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}
