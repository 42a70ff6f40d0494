import GRDB

/// Makes a copy of a store safe to start: nothing runs, nothing is leased, no number comes twice.
extension SQLiteStore {
    func hold(from file: String) throws(StoreError) -> Restore.Result {
        let now = clocks.now()
        return try write { database in
            let newest = try Int64.fetchOne(
                database,
                sql: """
                    SELECT max(at) FROM (
                        SELECT max(received_at) AS at FROM delivery
                        UNION ALL SELECT max(created_at) FROM job
                        UNION ALL SELECT max(requested_at) FROM replay_request
                        UNION ALL SELECT created_at FROM store)
                    """
            )
            let age = max(now - Timestamp(rawValue: newest ?? 0), .zero)
            let skipped =
                Restore.skippedNumbers
                + Restore.skippedNumbersPerSecond * age.components.seconds
            try Self.skipNumbers(skipped, in: database)
            let running = try Self.endLeases(now: now, in: database)
            try database.execute(
                sql: """
                    INSERT INTO pause (kind, name, reason, paused_at)
                    VALUES ('everything', '', ?, ?)
                    ON CONFLICT (kind, name)
                    DO UPDATE SET reason = excluded.reason, paused_at = excluded.paused_at
                    """,
                arguments: [
                    "restored from \(file) at \(now.rfc3339): `samovar resume --everything` "
                        + "when it is safe to go on",
                    now.rawValue,
                ]
            )
            return Restore.Result(
                backup: Backup(file: file, bytes: 0, schema: 0, deliveries: 0, jobs: 0),
                newestReceived: try Int64.fetchOne(
                    database,
                    sql: "SELECT max(received_at) FROM delivery"
                ).map(Timestamp.init(rawValue:)),
                liveJobs: try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM job WHERE state = 'ready'"
                ) ?? 0,
                wereRunning: running,
                skippedNumbers: skipped
            )
        }
    }

    /// What was given after the backup is never given again.
    private static func skipNumbers(_ count: Int64, in database: Database) throws {
        for table in ["delivery", "job", "replay_request"] {
            try database.execute(
                sql: "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?",
                arguments: [count, table]
            )
            if database.changesCount == 0 {
                try database.execute(
                    sql: "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
                    arguments: [table, count]
                )
            }
        }
        try database.execute(
            sql: """
                UPDATE store
                SET skipped_deliveries = skipped_deliveries + ?1, skipped_jobs = skipped_jobs + ?1
                """,
            arguments: [count]
        )
    }

    /// The workers of the backup are gone, and no job is to blame for it.
    ///
    /// - Returns: how many jobs were leased.
    private static func endLeases(now: Timestamp, in database: Database) throws -> Int {
        try database.execute(
            sql: """
                UPDATE attempt SET ended_at = ?, outcome = 'lost', error = 'restored from a backup'
                WHERE outcome IS NULL
                """,
            arguments: [now.rawValue]
        )
        let leased = try Row.fetchAll(
            database,
            sql: "SELECT id, cancel_requested FROM job WHERE state = 'leased' ORDER BY id"
        )
        for row in leased {
            let isCancelled: Bool = row["cancel_requested"]
            try database.execute(
                sql: """
                    UPDATE job
                    SET state = ?2, reason = ?3, finished_at = ?4, run_at = ?5, parked = NULL,
                        worker = NULL, lease_until = NULL, lease_boot = NULL
                    WHERE id = ?1
                    """,
                arguments: [
                    row["id"] as Int64, isCancelled ? "cancelled" : "ready",
                    isCancelled ? "cancelled by an operator" : nil,
                    isCancelled ? now.rawValue : nil, now.rawValue,
                ]
            )
        }
        try database.execute(
            sql: "UPDATE worker SET stopped_at = ? WHERE stopped_at IS NULL",
            arguments: [now.rawValue]
        )
        return leased.count
    }
}
