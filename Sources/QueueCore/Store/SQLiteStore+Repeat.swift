import GRDB

/// A job that routing wants, and the earlier one that it does again.
struct RoutedJob {
    let job: NewJob
    let repeats: Int64?

    init(_ job: NewJob, repeats: Int64? = nil) {
        self.job = job
        self.repeats = repeats
    }
}

/// Repeats: the same bytes under another id, as Gitea's "Redeliver" and a second hook on one URL
/// send them.
///
/// What was done is not done twice, and what died gets another chance. A route that made no job of
/// these bytes before (it is new, or was changed) makes one: nothing of it can run twice.
extension SQLiteStore {
    /// A decision with what remains of it when earlier jobs are taken into account.
    struct KeptDecision {
        var verdict: Verdict
        var reason: String?
        var explanation: String
        var payloadSHA256: String?
        var jobs: [RoutedJob]

        init(_ decision: Decision) {
            verdict = decision.verdict
            reason = decision.reason
            explanation = decision.explanation
            payloadSHA256 = decision.payloadSHA256
            jobs = decision.jobs.map { RoutedJob($0) }
        }
    }

    /// What one route's job comes to.
    private enum RepeatStep: String {
        case new
        case requeued
        case rerun
        case leftAlone = "left alone"
    }

    /// Where a delivery came from, as far as repeats go.
    struct Origin {
        var source: String
        var receivedAt: Int64
        /// Of the signed bytes; nil for deliveries that repeat nothing and are never repeated.
        var hash: String?
    }

    func origin(
        of seq: DeliverySeq,
        _ decision: Decision,
        in database: Database
    ) throws -> Origin {
        let origin = try RawStatement(Self.ownOrigin, in: database).first(seq.rawValue) { row in
            let isVerified = row[1] != nil as String?
            return Origin(
                source: row[0],
                receivedAt: row[2],
                hash: isVerified ? decision.payloadSHA256 : nil
            )
        }
        guard let origin else { preconditionFailure("a routing row has a delivery") }
        return origin
    }

    func keepRepeatsOut(
        _ decision: Decision,
        origin: Origin,
        in database: Database
    ) throws -> KeptDecision {
        var kept = KeptDecision(decision)
        guard decision.verdict == .routed, !decision.isTest, let hash = origin.hash else {
            return kept
        }
        kept.jobs = []
        let oldest = try wallClock(in: database).clock
            .time(Limits.repeatWindow, before: Timestamp(rawValue: origin.receivedAt))
        var done: [(route: String, job: Int64?, what: RepeatStep)] = []
        var earlier: Int64?
        for job in decision.jobs {
            let known = try self.earlierJob(
                job.route,
                hash: hash,
                of: origin.source,
                since: oldest,
                in: database
            )
            let what = try self.step(job, known, in: database)
            switch what {
            case .new: kept.jobs.append(RoutedJob(job))
            case .rerun: kept.jobs.append(RoutedJob(job, repeats: known?.id))
            case .requeued, .leftAlone: break
            }
            if let known { earlier = max(earlier ?? 0, known.delivery) }
            done.append((job.route, known?.id, what))
        }
        // Nothing is known: the bytes are new.
        guard let earlier else { return kept }
        if kept.jobs.isEmpty {
            kept.verdict = .repeated
            kept.reason = Self.reason(of: earlier, done.map(\.what))
        }
        kept.explanation = try Self.explanation(
            decision.explanation,
            repeats: earlier,
            done.map { ($0.route, $0.job, $0.what.rawValue) },
            in: database
        )
        return kept
    }

    private struct EarlierJob {
        var id: Int64
        var state: JobState
        var delivery: Int64
    }

    private func earlierJob(
        _ route: String,
        hash: String,
        of source: String,
        since oldest: Timestamp,
        in database: Database
    ) throws -> EarlierJob? {
        try RawStatement(Self.earlierJob, in: database).first(
            hash,
            route,
            oldest.rawValue,
            source
        ) { row in
            guard let state = JobState(rawValue: row[1]) else {
                preconditionFailure("a CHECK knows the states")
            }
            return EarlierJob(id: row[0], state: state, delivery: row[2])
        }
    }

    private func step(
        _ job: NewJob,
        _ known: EarlierJob?,
        in database: Database
    ) throws -> RepeatStep {
        guard let known else { return .new }
        switch known.state {
        case .ready, .leased, .cancelled:
            return .leftAlone
        case .done:
            return job.redelivery == .rerun ? .rerun : .leftAlone
        case .dead:
            // Without its body it cannot run; the repeat brings the same bytes.
            let id = JobID(rawValue: known.id)
            guard try hasBody(id, in: database) else { return .rerun }
            try requeue(id, at: clocks.now(), in: database)
            return .requeued
        }
    }

    private static func reason(of earlier: Int64, _ done: [RepeatStep]) -> String {
        let requeued = done.count { $0 == .requeued }
        let what = requeued == 0 ? "nothing to do" : "dead jobs requeued: \(requeued)"
        return "the same bytes as delivery \(earlier): \(what)"
    }

    /// Adds what was done for each route to the decision.
    static func explanation(
        _ decision: String,
        repeats earlier: Int64,
        _ done: [(route: String, job: Int64?, what: String)],
        in database: Database
    ) throws -> String {
        var routes = "[]"
        for (route, job, what) in done {
            routes = try json(addRoute, [routes, route, job, what], in: database)
        }
        return try json(addRepeat, [decision, earlier, routes], in: database)
    }

    private static func json(
        _ sql: String,
        _ arguments: StatementArguments,
        in database: Database
    ) throws -> String {
        let text = try String.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
        guard let text else { preconditionFailure("a JSON function of JSON is JSON") }
        return text
    }

    private static let ownOrigin = """
        SELECT source, verified_by, received_at FROM delivery WHERE seq = ?
        """

    /// Served by job_by_payload: one seek, unless several sources send the same bytes.
    static let earlierJob = """
        SELECT job.id, job.state, job.delivery FROM job
        JOIN delivery ON delivery.seq = job.delivery
        WHERE job.payload_sha256 = ?1
            AND job.route = ?2
            AND delivery.received_at >= ?3
            AND delivery.source = ?4
        ORDER BY job.id DESC
        LIMIT 1
        """

    private static let addRoute = """
        SELECT json_insert(?1, '$[#]', json_object('route', ?2, 'job', ?3, 'then', ?4))
        """

    private static let addRepeat = """
        SELECT json_set(?1, '$.repeat', json_object('of', ?2, 'routes', json(?3)))
        """
}
