import GRDB

/// Pauses are rows: whatever puts them there, a person's shell included, the next claim obeys.
extension SQLiteStore {
    package func pause(
        _ target: PauseTarget,
        reason: String?
    ) throws(StoreError) -> Bool {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO pause (kind, name, reason, paused_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (kind, name) DO NOTHING
                    """,
                arguments: [target.kind, target.name, reason, clocks.now().rawValue]
            )
            return database.changesCount == 1
        }
    }

    package func resume(_ target: PauseTarget) throws(StoreError) -> Bool {
        try write { database in
            try database.execute(
                sql: "DELETE FROM pause WHERE kind = ? AND name = ?",
                arguments: [target.kind, target.name]
            )
            return database.changesCount == 1
        }
    }

    package func pauses() throws(StoreError) -> [Pause] {
        try read { database in try Self.allPauses(in: database) }
    }

    /// What is paused now but lanes, of which there may be very many: for a claim.
    func pauses(in database: Database) throws -> Set<PauseTarget> {
        let statement = try database.cachedStatement(
            sql: "SELECT kind, name FROM pause WHERE kind IN ('everything', 'handler', 'route')"
        )
        let rows = try Row.fetchAll(statement)
        return Set(rows.compactMap { PauseTarget(kind: $0["kind"], name: $0["name"]) })
    }

    func areLanesPaused(in database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT 1 FROM pause WHERE kind = 'lane' LIMIT 1"
        )
        return try Int.fetchOne(statement) != nil
    }

    static func allPauses(in database: Database) throws -> [Pause] {
        let statement = try database.cachedStatement(
            sql: "SELECT kind, name, reason, paused_at FROM pause ORDER BY kind, name"
        )
        return try Row.fetchAll(statement).compactMap { row in
            PauseTarget(kind: row["kind"], name: row["name"]).map { target in
                Pause(
                    target: target,
                    reason: row["reason"],
                    since: Timestamp(rawValue: row["paused_at"])
                )
            }
        }
    }
}
