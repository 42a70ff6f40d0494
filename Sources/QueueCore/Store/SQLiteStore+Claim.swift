import Foundation
import GRDB
import Logging

/// Jobs of one handler and one repository: claims take from each group in turn.
struct GroupCursor: Equatable, Sendable {
    var handler = ""
    var repo = ""
}

extension SQLiteStore {
    package func exchange(
        _ ends: [AttemptEnd],
        for request: ClaimRequest,
        worker: WorkerID
    ) throws(StoreError) -> (ends: [EndResult], claimed: [ClaimedJob]) {
        try write { database in
            try self.followClock(in: database)
            let results = try ends.map { try self.write($0, in: database) }
            let tokens = try self.claim(request, worker: worker, in: database)
            return (results, try tokens.map { try Self.claimedJob($0, in: database) })
        }
    }

    // MARK: The claim

    /// Walks the groups from where the last claim stopped, one job from each, round after round,
    /// until the slots are filled or no group has a due job for a handler with capacity.
    private func claim(
        _ request: ClaimRequest,
        worker: WorkerID,
        in database: Database
    ) throws -> [AttemptToken] {
        guard request.slots > 0 else { return [] }
        var capacity: [String: Int] = [:]
        for (handler, concurrency) in request.concurrency {
            let leased = try Int.fetchOne(
                database.cachedStatement(sql: Self.leasedCount),
                arguments: [handler.rawValue]
            )
            capacity[handler.rawValue] = concurrency - (leased ?? 0)
        }
        let now = clocks.now()
        var tokens: [AttemptToken] = []
        var emptyInARow = 0
        var groups = try openGroups(capacity, in: database)
        while tokens.count < request.slots, !groups.isEmpty, emptyInARow < groups.count {
            let group = groups.removeFirst()
            groups.append(group)
            guard capacity[group.handler, default: 0] > 0,
                let job = try head(of: group, now: now, in: database)
            else {
                emptyInARow += 1
                continue
            }
            emptyInARow = 0
            guard let token = try leaseUnlessRefused(job, to: worker, now: now, in: database)
            else { continue }
            capacity[group.handler, default: 0] -= 1
            claimCursor = group
            tokens.append(token)
        }
        return tokens
    }

    /// The groups that have unblocked ready jobs, beginning after the one served last.
    ///
    /// Each costs one step along job_claimable.
    private func openGroups(
        _ capacity: [String: Int],
        in database: Database
    ) throws -> [GroupCursor] {
        var groups: [GroupCursor] = []
        for handler in capacity.keys.sorted() where capacity[handler, default: 0] > 0 {
            var repo = try String.fetchOne(
                database.cachedStatement(sql: Self.firstRepo),
                arguments: [handler]
            )
            while let found = repo {
                groups.append(GroupCursor(handler: handler, repo: found))
                repo = try String.fetchOne(
                    database.cachedStatement(sql: Self.nextRepo),
                    arguments: [handler, found]
                )
            }
        }
        let start =
            groups.firstIndex { ($0.handler, $0.repo) > (claimCursor.handler, claimCursor.repo) }
            ?? 0
        return Array(groups[start...] + groups[..<start])
    }

    /// The group's first due job: highest priority first, then the one due longest.
    private func head(
        of group: GroupCursor,
        now: Timestamp,
        in database: Database
    ) throws -> (id: Int64, attempt: Int64)? {
        var priority = Int64.max
        while true {
            let row = try Row.fetchOne(
                database.cachedStatement(sql: Self.headBelow),
                arguments: [group.handler, group.repo, priority]
            )
            guard let row else { return nil }
            if (row["run_at"] as Int64) <= now.rawValue { return (row["id"], row["attempt"]) }
            // The earliest of this priority is not due, so none of it is.
            priority = row["priority"]
        }
    }

    /// A row that the schema refuses to lease (somebody's hand was in it) must not keep the others
    /// from running, nor their outcomes from being written.
    private func leaseUnlessRefused(
        _ job: (id: Int64, attempt: Int64),
        to worker: WorkerID,
        now: Timestamp,
        in database: Database
    ) throws -> AttemptToken? {
        do {
            var token: AttemptToken?
            try database.inSavepoint {
                token = try lease(job, to: worker, now: now, in: database)
                return .commit
            }
            return token
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            logger.error(
                "this job cannot be leased and is put off for a minute",
                metadata: ["job.id": "\(job.id)", "error": "\(error.message ?? "")"]
            )
            try database.cachedStatement(sql: Self.putOff)
                .execute(arguments: [(now + .seconds(60)).rawValue, job.id])
            return nil
        }
    }

    private func lease(
        _ job: (id: Int64, attempt: Int64),
        to worker: WorkerID,
        now: Timestamp,
        in database: Database
    ) throws -> AttemptToken {
        let number = job.attempt + 1
        try database.cachedStatement(sql: Self.leaseJob).execute(arguments: [
            number, worker.rawValue, (clocks.monotonic() + Limits.lease).rawValue, clocks.bootID,
            job.id,
        ])
        precondition(
            database.changesCount == 1,
            "the write lock keeps a ready job ready until it is leased"
        )
        try database.cachedStatement(sql: Self.insertAttempt).execute(arguments: [
            job.id, number, worker.rawValue, now.rawValue,
        ])
        return AttemptToken(job: JobID(rawValue: job.id), attempt: number)
    }

    private static func claimedJob(
        _ token: AttemptToken,
        in database: Database
    ) throws -> ClaimedJob {
        let row = try Row.fetchOne(
            database.cachedStatement(sql: claimedRow),
            arguments: [token.job.rawValue]
        )
        guard let row else { preconditionFailure("a leased job is never deleted") }
        return ClaimedJob(
            token: token,
            route: row["route"],
            handler: HandlerName(rawValue: row["handler"]),
            with: row["with"],
            repo: row["repo"],
            lane: row["lane"],
            failures: row["failures"],
            delivery: ClaimedDelivery(
                seq: DeliverySeq(rawValue: row["delivery"]),
                id: DeliveryID(rawValue: row["delivery_id"]),
                source: row["source"],
                event: row["event"],
                eventType: row["event_type"],
                contentType: row["content_type"],
                receivedAt: Timestamp(rawValue: row["received_at"]),
                verifiedBy: row["verified_by"],
                body: row["body"]
            )
        )
    }

    package func readyJobs() throws(StoreError) -> [HandlerName: Int] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT handler, count(*) FROM job WHERE state = 'ready' GROUP BY handler"
            )
            return Dictionary(
                uniqueKeysWithValues: rows.map { (HandlerName(rawValue: $0[0]), $0[1] as Int) }
            )
        }
    }

    package func nextDue() throws(StoreError) -> Timestamp? {
        try read { database in
            try Int64.fetchOne(database.cachedStatement(sql: Self.earliestDue))
                .map(Timestamp.init(rawValue:))
        }
    }

    /// Served by job_leased.
    private static let leasedCount = """
        SELECT count(*) FROM job WHERE state = 'leased' AND handler = ?
        """

    /// This and the next two: one seek each in job_claimable.
    static let firstRepo = """
        SELECT repo FROM job
        WHERE state = 'ready' AND blocked = 0 AND handler = ?
        ORDER BY repo
        LIMIT 1
        """

    static let nextRepo = """
        SELECT repo FROM job
        WHERE state = 'ready' AND blocked = 0 AND handler = ? AND repo > ?
        ORDER BY repo
        LIMIT 1
        """

    static let headBelow = """
        SELECT id, attempt, priority, run_at FROM job
        WHERE state = 'ready' AND blocked = 0 AND handler = ? AND repo = ? AND priority < ?
        ORDER BY priority DESC, run_at, id
        LIMIT 1
        """

    private static let leaseJob = """
        UPDATE job
        SET state = 'leased', attempt = ?, worker = ?, lease_until = ?, lease_boot = ?
        WHERE id = ? AND state = 'ready'
        """

    private static let putOff = "UPDATE job SET run_at = ? WHERE id = ? AND state = 'ready'"

    private static let insertAttempt = """
        INSERT INTO attempt (job, number, worker, started_at) VALUES (?, ?, ?, ?)
        """

    private static let claimedRow = """
        SELECT job.route, job.handler, job."with", job.repo, job.lane, job.failures,
            job.delivery, delivery_id, source, event, event_type, content_type, received_at,
            verified_by, body
        FROM job
        JOIN delivery ON delivery.seq = job.delivery
        WHERE job.id = ?
        """

    /// Walks the live jobs that are unblocked; bounded by what waits for its time.
    private static let earliestDue = """
        SELECT min(run_at) FROM job WHERE state = 'ready' AND blocked = 0
        """
}
