import Foundation
import GRDB
import Logging

/// Where claims stopped, so that handlers and their repositories are served in turn.
struct ClaimCursor: Equatable, Sendable {
    var handler = ""
    /// The repository of each handler that was served last.
    var repo: [String: String] = [:]
    /// How many pauses had ended when all that was parked because of one was brought back.
    var endedPauses: Int64?
    /// Whether the suspect that was claimed last may still run.
    var mayRunSuspect = false
    /// When it was first seen to have ended.
    var suspectEnded: MonotonicTime?
    /// Since when nothing is claimed so that a suspect can run alone.
    var drainingSince: MonotonicTime?
}

extension SQLiteStore {
    package func exchange(
        _ ends: [AttemptEnd],
        for request: ClaimRequest,
        worker: WorkerID,
        deciding decisions: [Decision]
    ) throws(StoreError) -> Exchange {
        let written: Written
        do throws(StoreError) {
            written = try write { database in
                let routing = try self.decide(decisions, in: database)
                return try self.exchange(ends, request, worker, isCareful: false, routing, database)
            }
        } catch {
            // Somebody's hand was in a row, so that the schema refuses to lease it, or to end it. It
            // must not keep the others from running, nor their outcomes from being written.
            guard case .refused = error else { throw error }
            let routing = try decide(decisions)
            written = try write { database in
                try self.exchange(ends, request, worker, isCareful: true, routing, database)
            }
        }
        // Not before: what was rolled back was not brought back.
        if let endedPauses = written.endedPauses { claimCursor.endedPauses = endedPauses }
        return written.exchange
    }

    /// An exchange, and how many pauses had ended, if all that they held was brought back.
    private typealias Written = (exchange: Exchange, endedPauses: Int64?)

    private func exchange(
        _ ends: [AttemptEnd],
        _ request: ClaimRequest,
        _ worker: WorkerID,
        isCareful: Bool,
        _ routing: RoutingResult,
        _ database: Database
    ) throws -> Written {
        try followClock(in: database)
        let results = try ends.map { end in
            try isCareful
                ? writeUnlessRefused(end, by: worker, in: database)
                : write(end, by: worker, in: database)
        }
        var claim = Claim(
            worker: worker,
            now: clocks.now(),
            leaseUntil: clocks.monotonic() + request.lease,
            isCareful: isCareful,
            parkedMost: Limits.parkedMost / max(1, request.concurrency.count)
        )
        let jobs = try self.claim(request, &claim, in: database)
        let exchange = Exchange(
            routing: routing,
            ends: results,
            claimed: jobs,
            isCutShort: claim.isCutShort
        )
        return (exchange, claim.endedPauses)
    }

    /// One claim while it is made.
    struct Claim {
        let worker: WorkerID
        let now: Timestamp
        let leaseUntil: MonotonicTime
        /// Each lease in a savepoint of its own: after one was refused.
        let isCareful: Bool
        var pausedRoutes: Set<String> = []
        /// There may be thousands of them: each head asks for its own.
        var areLanesPaused = false
        /// Set when all that was parked because of pauses that ended is back.
        var endedPauses: Int64?
        /// Heads of one handler that may be put out of the claim's sight.
        let parkedMost: Int
        /// Those that were, by handler.
        var parked: [String: Int] = [:]
        /// Bytes of the bodies that it takes along.
        var bytes = 0
        /// Another claim may find more at once.
        var isCutShort = false
    }

    // MARK: The claim

    /// Claims what may run now; a suspect alone.
    private func claim(
        _ request: ClaimRequest,
        _ claim: inout Claim,
        in database: Database
    ) throws -> [ClaimedJob] {
        guard request.slots > 0 else { return [] }
        let pauses = try self.pauses(in: database)
        guard !pauses.contains(.everything) else { return [] }
        for case .route(let route) in pauses { claim.pausedRoutes.insert(route) }
        claim.areLanesPaused = try areLanesPaused(in: database)
        try unpark(&claim, in: database)
        let capacity = try self.capacity(request, pauses, in: database)
        switch try suspectTurn(claim, capacity, in: database) {
        case .ordinary:
            return try claimOrdinary(request, capacity, &claim, in: database)
        case .nothing:
            return []
        case .now(let head):
            return try claimAlone(head, claim, in: database)
        case .ifIdle(let head):
            let jobs = try claimOrdinary(request, capacity, &claim, in: database)
            return jobs.isEmpty ? try claimAlone(head, claim, in: database) : jobs
        }
    }

    /// One job from each handler in turn, and of a handler one from each repository in turn, until
    /// the slots are filled or no handler with capacity has a due job.
    ///
    /// Costs one or two seeks in job_claimable for each job, whatever waits, blocked, delayed or
    /// paused, and however many repositories there are.
    private func claimOrdinary(
        _ request: ClaimRequest,
        _ capacity: [String: Int],
        _ claim: inout Claim,
        in database: Database
    ) throws -> [ClaimedJob] {
        var capacity = capacity
        var handlers = capacity.keys.sorted()
        let start = handlers.firstIndex { $0 > claimCursor.handler } ?? 0
        handlers = Array(handlers[start...] + handlers[..<start])
        var jobs: [ClaimedJob] = []
        while jobs.count < request.slots, !handlers.isEmpty {
            let handler = handlers.removeFirst()
            guard let head = try dueHead(of: handler, &claim, in: database) else { continue }
            claimCursor.handler = handler
            claimCursor.repo[handler] = head.repo
            if let job = try lease(head, claim, in: database) {
                jobs.append(job)
                capacity[handler, default: 0] -= 1
                claim.bytes += job.delivery.body?.count ?? 0
            }
            if claim.bytes >= Limits.batchBytes {
                claim.isCutShort = true
                break
            }
            if capacity[handler, default: 0] > 0 { handlers.append(handler) }
        }
        return jobs
    }

    /// How many more jobs each handler may run, over all workers; only those that may.
    private func capacity(
        _ request: ClaimRequest,
        _ pauses: Set<PauseTarget>,
        in database: Database
    ) throws -> [String: Int] {
        var capacity: [String: Int] = [:]
        for (handler, concurrency) in request.concurrency where !pauses.contains(.handler(handler))
        {
            capacity[handler.rawValue] = concurrency
        }
        try RawStatement(Self.leasedHandlers, in: database).forEach { row in
            capacity[row[0], default: 0] -= 1
        }
        return capacity.filter { $0.value > 0 }
    }

    /// The first job of a group.
    struct Head {
        var id: Int64
        var attempt: Int64
        var repo: String
        var runAt: Int64
        var route: String
        var lane: String?

        init(_ row: RawRow) {
            id = row[0]
            attempt = row[1]
            repo = row[2]
            runAt = row[3]
            route = row[4]
            lane = row[5]
        }

        init(_ row: Row) {
            id = row["id"]
            attempt = row["attempt"]
            repo = row["repo"]
            runAt = row["run_at"]
            route = row["route"]
            lane = row["lane"]
        }
    }

    /// The head of the handler's next repository that can run now: highest priority first, then
    /// the one due longest.
    private func dueHead(
        of handler: String,
        _ claim: inout Claim,
        in database: Database
    ) throws -> Head? {
        while claim.parked[handler, default: 0] <= claim.parkedMost {
            let served = claimCursor.repo[handler] ?? ""
            guard
                let head = try self.head(of: handler, after: served, in: database)
                    ?? self.head(of: handler, after: nil, in: database)
            else { return nil }
            if head.runAt > claim.now.rawValue {
                try park(head, as: "delayed", in: database)
            } else if try isPaused(head, claim, in: database) {
                try park(head, as: "paused", in: database)
            } else {
                return head
            }
            let parked = claim.parked[handler, default: 0] + 1
            claim.parked[handler] = parked
            // A repository with very many of them does not hold up the others.
            if parked.isMultiple(of: Limits.parkedOfRepositoryMost) {
                claimCursor.repo[handler] = head.repo
            }
        }
        claim.isCutShort = true
        return nil
    }

    private func head(
        of handler: String,
        after repo: String?,
        in database: Database
    ) throws -> Head? {
        guard let repo else {
            return try RawStatement(Self.firstHead, in: database).first(handler, read: Head.init)
        }
        return try RawStatement(Self.nextHead, in: database)
            .first(handler, repo, read: Head.init)
    }

    // MARK: The lease

    func lease(
        _ head: Head,
        _ claim: Claim,
        in database: Database
    ) throws -> ClaimedJob? {
        guard claim.isCareful else { return try leaseAtOnce(head, claim, in: database) }
        do {
            var job: ClaimedJob?
            try database.inSavepoint {
                job = try leaseAtOnce(head, claim, in: database)
                return .commit
            }
            return job
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            logger.error(
                "this job cannot be leased and is put off for a minute",
                metadata: ["job.id": "\(head.id)", "error": "\(error.message ?? "")"]
            )
            try database.cachedStatement(sql: Self.putOff)
                .execute(arguments: [(claim.now + .seconds(60)).rawValue, head.id])
            return nil
        }
    }

    private func leaseAtOnce(
        _ head: Head,
        _ claim: Claim,
        in database: Database
    ) throws -> ClaimedJob {
        let attempt = head.attempt.adding(saturating: 1)
        let leased = try RawStatement(Self.leaseJob, in: database).first(
            attempt,
            claim.worker.rawValue,
            claim.leaseUntil.rawValue,
            clocks.bootID,
            head.id
        ) { row in
            (
                seq: row[0] as Int64, handler: row[1] as String, with: row[2] as String,
                lane: row[3] as String?, failures: row[4] as Int64,
                trustNeeded: row[5] as String?, snoozedSince: row[6] as Int64?
            )
        }
        guard let leased else {
            preconditionFailure("job \(head.id) was ready in this very transaction")
        }
        try RawStatement(Self.insertAttempt, in: database)
            .run(head.id, attempt, claim.worker.rawValue, claim.now.rawValue)
        let delivery = try RawStatement(Self.claimedDelivery, in: database)
            .first(leased.seq, read: ClaimedDelivery.init)
        guard let delivery else { preconditionFailure("job \(head.id) has a delivery") }
        return ClaimedJob(
            token: AttemptToken(job: JobID(rawValue: head.id), attempt: attempt),
            route: head.route,
            handler: HandlerName(rawValue: leased.handler),
            with: leased.with,
            trustNeeded: leased.trustNeeded,
            repo: head.repo,
            lane: leased.lane,
            failures: Int(clamping: leased.failures),
            snoozedSince: try leased.snoozedSince.map { since in
                // By the time that passed: a clock that jumped ahead ends no patience.
                let (clock, now) = try wallClock(in: database)
                return now - clock.passed(from: Timestamp(rawValue: since), to: now)
            },
            leaseUntil: claim.leaseUntil,
            delivery: delivery
        )
    }

    package func readyJobs() throws(StoreError) -> [HandlerName: Int] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: Self.readyByHandler
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

    /// Served by job_leased: as many rows as jobs run.
    private static let leasedHandlers = """
        SELECT handler FROM job WHERE worker IS NOT NULL
        """

    /// This and the next: one seek in job_claimable finds the group and its head.
    ///
    /// The few suspects are stepped over.
    static let nextHead = """
        SELECT id, attempt, repo, run_at, route, lane FROM job
        WHERE state = 'ready' AND blocked = 0 AND parked IS NULL AND losses = 0
            AND handler = ? AND repo > ?
        ORDER BY repo, priority DESC, run_at, id
        LIMIT 1
        """

    static let firstHead = """
        SELECT id, attempt, repo, run_at, route, lane FROM job
        WHERE state = 'ready' AND blocked = 0 AND parked IS NULL AND losses = 0
            AND handler = ?
        ORDER BY repo, priority DESC, run_at, id
        LIMIT 1
        """

    private static let leaseJob = """
        UPDATE job
        SET state = 'leased', attempt = ?, worker = ?, lease_until = ?, lease_boot = ?
        WHERE id = ? AND state = 'ready'
        RETURNING delivery, handler, "with", lane, failures, trust_needed, snoozed_since
        """

    private static let putOff = """
        UPDATE job SET run_at = ?, parked = 'delayed' WHERE id = ? AND state = 'ready'
        """

    private static let insertAttempt = """
        INSERT INTO attempt (job, number, worker, started_at) VALUES (?, ?, ?, ?)
        """

    private static let claimedDelivery = """
        SELECT seq, delivery_id, source, event, event_type, content_type, received_at,
            verified_by, body
        FROM delivery
        WHERE seq = ?
        """

    /// Served by job_live: it walks what is live, not what has ended.
    private static let readyByHandler = """
        SELECT handler, count(*) FROM job INDEXED BY job_live
        WHERE state IN ('ready', 'leased') AND state = 'ready'
        GROUP BY handler
        """

    /// Served by job_delayed.
    private static let earliestDue = """
        SELECT min(run_at) FROM job WHERE state = 'ready' AND parked = 'delayed'
        """
}

extension ClaimedDelivery {
    /// Reads the columns of `claimedDelivery`.
    fileprivate init(_ row: RawRow) {
        self.init(
            seq: DeliverySeq(rawValue: row[0]),
            id: DeliveryID(rawValue: row[1]),
            source: row[2],
            event: row[3],
            eventType: row[4],
            contentType: row[5],
            receivedAt: Timestamp(rawValue: row[6]),
            verifiedBy: row[7],
            body: row[8]
        )
    }
}
