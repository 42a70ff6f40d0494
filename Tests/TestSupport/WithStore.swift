import Foundation
import GRDB
package import QueueCore

/// Gives a test a fresh store of its own, and ends by checking that it is sound, whatever the test
/// was about.
package func withStore(
    clock: TestClock = TestClock(),
    _ body: (SQLiteStore, _ path: String) async throws -> Void
) async throws {
    try await withTemporaryFolder { folder in
        let path = folder + "/queue.db"
        let store = try SQLiteStore(path: path, clocks: clock.clocks)
        try await body(store, path)
        try await store.close()
        try checkSoundness(ofStoreAt: path)
    }
}

/// What is wrong with a store.
package struct UnsoundStore: Error, CustomStringConvertible {
    package var description: String
}

/// Looks at a store from outside: SQLite's own checks, and the queue's invariants.
package func checkSoundness(ofStoreAt path: String) throws {
    let findings = try DatabaseQueue(path: path).read { database in
        var findings = try String.fetchAll(database, sql: "PRAGMA integrity_check")
            .filter { $0 != "ok" }
        findings += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
            .map { "foreign key: \($0)" }
        for (claim, sql) in invariants {
            let violations = try Int.fetchOne(database, sql: "SELECT count(*) FROM (\(sql))") ?? 0
            if violations > 0 { findings.append("\(claim): \(violations) rows say otherwise") }
        }
        return findings
    }
    guard findings.isEmpty else {
        throw UnsoundStore(description: findings.joined(separator: "\n"))
    }
}

private let invariants = [
    (
        "every delivery has one routing row",
        """
        SELECT seq FROM delivery
        WHERE (SELECT count(*) FROM routing WHERE routing.delivery = seq) <> 1
        """
    ),
    (
        "routed deliveries have jobs, others none of their own",
        """
        SELECT delivery FROM routing
        WHERE verdict IS NOT NULL
            AND (verdict = 'routed') <> EXISTS (
                SELECT 1 FROM job WHERE job.delivery = routing.delivery AND replay IS NULL)
        """
    ),
    (
        "a ready job is blocked exactly while its lane has a leased or an earlier live job",
        """
        SELECT id FROM job
        WHERE state = 'ready'
            AND blocked <> (lane IS NOT NULL AND EXISTS (
                SELECT 1 FROM job AS other
                WHERE other.lane = job.lane
                    AND other.id <> job.id
                    AND other.state IN ('ready', 'leased')
                    AND (other.id < job.id OR other.state = 'leased')))
        """
    ),
    (
        "only ready jobs are blocked",
        "SELECT id FROM job WHERE blocked = 1 AND state <> 'ready'"
    ),
    (
        "a job has as many attempts as it counts",
        """
        SELECT id FROM job
        WHERE attempt <> (SELECT count(*) FROM attempt WHERE attempt.job = job.id)
        """
    ),
    (
        "of a job only the last attempt is open, and only while it is leased",
        """
        SELECT attempt.id FROM attempt
        JOIN job ON job.id = attempt.job
        WHERE (outcome IS NULL) <> (job.state = 'leased' AND attempt.number = job.attempt)
        """
    ),
]
