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
        try write { database in _ = try self.retire(worker, in: database) }
    }

    package func retireDead(
        isDead: @Sendable (WorkerID) -> Bool,
        wasRouting: @Sendable (WorkerID) -> [RoutingTarget]
    ) throws(StoreError) -> [WorkerID] {
        let running = try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT id FROM worker
                    WHERE stopped_at IS NULL
                        AND NOT EXISTS (
                            SELECT 1 FROM job WHERE job.worker = worker.id)
                    ORDER BY id
                    """
            )
        }
        let dead = running.map(WorkerID.init(rawValue:)).filter(isDead)
        guard !dead.isEmpty else { return [] }
        let suspects = dead.map { (worker: $0, targets: wasRouting($0)) }
        try write { database in
            for (worker, targets) in suspects {
                guard try self.retire(worker, in: database) else { continue }
                for target in targets { try Self.suspect(target, in: database) }
            }
        }
        return dead
    }

    /// Counts a worker that died while it routed this.
    private static func suspect(_ target: RoutingTarget, in database: Database) throws {
        switch target {
        case .delivery(let seq):
            try database.execute(
                sql: """
                    UPDATE routing SET tries = tries + 1 WHERE delivery = ? AND verdict IS NULL
                    """,
                arguments: [seq.rawValue]
            )
        case .replay(let id, _):
            try database.execute(
                sql: """
                    UPDATE replay_request SET tries = tries + 1 WHERE id = ? AND verdict IS NULL
                    """,
                arguments: [id]
            )
        }
    }

    package func report(
        configurationError: String?,
        of worker: WorkerID
    ) throws(StoreError) {
        try write { database in
            try database.execute(
                sql: "UPDATE worker SET configuration_error = ? WHERE id = ?",
                arguments: [configurationError, worker.rawValue]
            )
        }
    }

    /// - Returns: false when another worker was quicker.
    private func retire(_ worker: WorkerID, in database: Database) throws -> Bool {
        try database.execute(
            sql: "UPDATE worker SET stopped_at = ? WHERE id = ? AND stopped_at IS NULL",
            arguments: [clocks.now().rawValue, worker.rawValue]
        )
        return database.changesCount == 1
    }
}
