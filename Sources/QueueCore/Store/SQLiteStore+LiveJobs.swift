import GRDB

/// Jobs that wait or run: a replay makes no second one beside them, as a repeat does not.
extension SQLiteStore {
    package func liveJobs(of delivery: DeliverySeq) throws(StoreError) -> [String: JobID] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: Self.allLiveJobs,
                arguments: [delivery.rawValue]
            )
            return Dictionary(rows.map { ($0[0] as String, JobID(rawValue: $0[1])) }) { $1 }
        }
    }

    /// What is left of a replay's decision when the live jobs of its delivery are left alone.
    ///
    /// Two of one route and delivery would do one thing twice, at the same time. What has ended is
    /// made again: that is what a replay is for. Each of them is in the reason and, as those of
    /// repeats, in the explanation.
    func withoutLiveJobs(
        _ decision: Decision,
        of seq: DeliverySeq,
        in database: Database
    ) throws -> Decision {
        var left = decision
        left.jobs = []
        var routes: [(route: String, job: Int64?, what: String)] = []
        var live: [String] = []
        for job in decision.jobs {
            let known = try Int64.fetchOne(
                database.cachedStatement(sql: Self.liveJob),
                arguments: [seq.rawValue, job.route]
            )
            if let known {
                live.append("job \(known) of route \(job.route)")
            } else {
                left.jobs.append(job)
            }
            routes.append((job.route, known, known == nil ? "new" : "left alone"))
        }
        guard !live.isEmpty else { return decision }
        left.reason = "left alone, because live: \(live.joined(separator: ", "))"
        left.explanation = try Self.explanation(
            decision.explanation,
            repeats: seq.rawValue,
            routes,
            in: database
        )
        return left
    }

    private static let liveJob = """
        SELECT id FROM job INDEXED BY job_by_delivery
        WHERE delivery = ? AND route = ? AND state IN ('ready', 'leased')
        ORDER BY id DESC
        LIMIT 1
        """

    private static let allLiveJobs = """
        SELECT route, id FROM job INDEXED BY job_by_delivery
        WHERE delivery = ? AND state IN ('ready', 'leased')
        ORDER BY id
        """
}
