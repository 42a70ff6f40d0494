import GRDB

extension SQLiteStore {
    package func uuid() throws(StoreError) -> String {
        let uuid = try read { database in
            try String.fetchOne(database, sql: "SELECT uuid FROM store")
        }
        guard let uuid else { throw .corrupt(path: path, reason: "it has no store row") }
        return uuid
    }

    package func register(_ worker: WorkerRegistration) throws(StoreError) {
        try write { database in
            try self.followClock(in: database)
            let now = clocks.now().rawValue
            try database.execute(
                sql: """
                    INSERT INTO worker (id, host, pid, version, boot, started_at, heartbeat_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    worker.id.rawValue, worker.host, worker.pid, worker.version, clocks.bootID,
                    now, now,
                ]
            )
        }
    }

    package func retire(_ worker: WorkerID) throws(StoreError) {
        try write { database in try self.retire(worker, in: database) }
    }

    package func retireDead(
        isDead: @Sendable (WorkerID) -> Bool
    ) throws(StoreError) -> [WorkerID] {
        let running = try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT id FROM worker
                    WHERE stopped_at IS NULL
                        AND NOT EXISTS (
                            SELECT 1 FROM job WHERE state = 'leased' AND job.worker = worker.id)
                    ORDER BY id
                    """
            )
        }
        let dead = running.map(WorkerID.init(rawValue:)).filter(isDead)
        guard !dead.isEmpty else { return [] }
        try write { database in
            for worker in dead { try self.retire(worker, in: database) }
        }
        return dead
    }

    private func retire(_ worker: WorkerID, in database: Database) throws {
        try database.execute(
            sql: "UPDATE worker SET stopped_at = ? WHERE id = ? AND stopped_at IS NULL",
            arguments: [clocks.now().rawValue, worker.rawValue]
        )
    }
}
