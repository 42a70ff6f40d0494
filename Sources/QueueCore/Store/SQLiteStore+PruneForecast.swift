import GRDB

extension SQLiteStore {
    /// What pruning would remove now, all in all; counted by reading everything old once.
    package func prunable(_ retention: Retention) throws(StoreError) -> Pruned {
        try read { database in
            let (clock, now) = try self.wallClock(in: database)
            func before(_ kept: Duration?) -> Int64 {
                kept.map { clock.time($0, before: now).rawValue } ?? .min
            }
            func number(_ sql: String, _ arguments: StatementArguments) throws -> Int {
                try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
            }
            return Pruned(
                bodies: try number(
                    "SELECT count(*) FROM (\(Self.prunableBodies))",
                    ["before": before(retention.bodies), "count": -1]
                ),
                jobs: try number(
                    "SELECT count(*) FROM (\(Self.prunableJobs))",
                    ["before": before(retention.jobs), "count": -1]
                ),
                deliveries: try number(
                    Self.forecastDeliveries,
                    [
                        "before": before(retention.deliveries), "jobs": before(retention.jobs),
                        "bodies": before(retention.bodies),
                    ]
                )
            )
        }
    }

    /// Deliveries old enough that keep neither body nor job once those were pruned.
    private static let forecastDeliveries = """
        SELECT count(*) FROM delivery
        JOIN routing ON routing.delivery = seq
        WHERE received_at < :before
            AND NOT EXISTS (
                SELECT 1 FROM job
                WHERE job.delivery = seq AND (finished_at IS NULL OR finished_at >= :jobs))
            AND (body_pruned_at IS NOT NULL
                OR (decided_at < :bodies
                    AND NOT EXISTS (
                        SELECT 1 FROM job WHERE job.delivery = seq AND finished_at >= :bodies)
                    AND NOT EXISTS (
                        SELECT 1 FROM replay_request AS again
                        WHERE again.delivery = seq
                            AND (again.decided_at IS NULL OR again.decided_at >= :bodies))))
        """
}
