/// Something that is so in every sound store, whatever it is doing: `samovar doctor`, backups and
/// tests ask the same list.
package struct Invariant: Sendable {
    package var claim: String
    /// The schema from which on it can be asked.
    var schema = 1
    /// Finds the rows that say otherwise; the first column names a row.
    package var violations: String

    package static let all = deliveries + jobs + lanes + attempts
}

extension Invariant {
    private static let deliveries = [
        Invariant(
            claim: "every delivery has one routing row",
            violations: """
                SELECT seq FROM delivery
                WHERE NOT EXISTS (SELECT 1 FROM routing WHERE routing.delivery = seq)
                """
        ),
        Invariant(
            claim: "routed deliveries have jobs, or had them until they were pruned",
            schema: 2,
            violations: """
                SELECT delivery FROM routing
                WHERE verdict = 'routed'
                    AND NOT EXISTS (
                        SELECT 1 FROM job WHERE job.delivery = routing.delivery AND replay IS NULL)
                LIMIT -1 OFFSET (SELECT pruned_jobs FROM store)
                """
        ),
        Invariant(
            claim: "deliveries that were not routed have no jobs of their own",
            violations: """
                SELECT delivery FROM job
                WHERE replay IS NULL
                    AND NOT EXISTS (
                        SELECT 1 FROM routing
                        WHERE routing.delivery = job.delivery AND verdict = 'routed')
                """
        ),
        Invariant(
            claim: "a decision knows whether its delivery still has its body",
            schema: 2,
            violations: """
                SELECT seq FROM delivery
                JOIN routing ON routing.delivery = seq
                WHERE routing.body_pruned <> (body_pruned_at IS NOT NULL)
                """
        ),
        Invariant(
            claim: "what waits to be routed has its body",
            violations: """
                SELECT delivery FROM routing
                JOIN delivery ON seq = routing.delivery
                WHERE verdict IS NULL AND body_pruned_at IS NOT NULL
                """
        ),
    ]

    private static let jobs = [
        Invariant(
            claim: "every job is in one state, and an ended one says when and why",
            violations: """
                SELECT id FROM job
                WHERE state NOT IN ('ready', 'leased', 'done', 'dead', 'cancelled')
                    OR (state IN ('done', 'dead', 'cancelled')) <> (finished_at IS NOT NULL)
                    OR (state IN ('dead', 'cancelled') AND reason IS NULL)
                    OR (state = 'leased') <> (worker IS NOT NULL AND lease_until IS NOT NULL
                        AND lease_boot IS NOT NULL)
                """
        ),
        Invariant(
            claim: "only discarded jobs know when they had died, and they are cancelled",
            schema: 9,
            violations: "SELECT id FROM job WHERE died_at IS NOT NULL AND state <> 'cancelled'"
        ),
        Invariant(
            claim: "a live job's delivery has its body",
            violations: """
                SELECT id FROM job
                JOIN delivery ON seq = job.delivery
                WHERE state IN ('ready', 'leased') AND body_pruned_at IS NOT NULL
                """
        ),
        Invariant(
            claim: "only ready jobs are parked",
            schema: 2,
            violations: "SELECT id FROM job WHERE parked IS NOT NULL AND state <> 'ready'"
        ),
    ]

    private static let lanes = [
        Invariant(
            claim:
                "a ready job is blocked exactly while its lane has a leased or an earlier live job",
            schema: 8,
            violations: """
                SELECT id FROM job
                WHERE state = 'ready'
                    AND blocked <> (lane IS NOT NULL AND off_lane = 0 AND EXISTS (
                        SELECT 1 FROM job AS other
                        WHERE other.lane = job.lane
                            AND other.id <> job.id
                            AND other.state IN ('ready', 'leased')
                            AND other.off_lane = 0
                            AND (other.id < job.id OR other.state = 'leased')))
                """
        ),
        Invariant(
            claim: "only ready jobs are blocked",
            violations: "SELECT id FROM job WHERE blocked = 1 AND state <> 'ready'"
        ),
        Invariant(
            claim: "only jobs that were requeued for later are outside of their lanes",
            schema: 8,
            violations: """
                SELECT id FROM job WHERE off_lane = 1 AND (state <> 'ready' OR parked IS NULL)
                """
        ),
        Invariant(
            claim: "of a lane one job runs at a time",
            violations: """
                SELECT max(id) FROM job WHERE state = 'leased' AND lane IS NOT NULL
                GROUP BY lane HAVING count(*) > 1
                """
        ),
    ]

    private static let attempts = [
        Invariant(
            claim: "a job has as many attempts as it counts",
            violations: """
                SELECT id FROM job
                WHERE attempt <> (SELECT count(*) FROM attempt WHERE attempt.job = job.id)
                """
        ),
        Invariant(
            claim: "of a job only the last attempt is open, and only while it is leased",
            violations: """
                SELECT attempt.id FROM attempt
                JOIN job ON job.id = attempt.job
                WHERE (outcome IS NULL) <> (job.state = 'leased' AND attempt.number = job.attempt)
                """
        ),
    ]
}
