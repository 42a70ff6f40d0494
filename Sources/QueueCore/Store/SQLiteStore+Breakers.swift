import GRDB

/// The breakers of workers, as their rows show them.
extension SQLiteStore {
    @discardableResult
    package func report(breakers: String, of worker: WorkerID) throws(StoreError) -> String {
        try write { database in
            // In the same transaction: an operator who was quicker is not overwritten unheard.
            let before = try Self.breakers(of: worker, in: database)
            try database.execute(
                sql: "UPDATE worker SET breakers = ? WHERE id = ?",
                arguments: [breakers, worker.rawValue]
            )
            return before
        }
    }

    package func breakers(of worker: WorkerID) throws(StoreError) -> String {
        try read { database in try Self.breakers(of: worker, in: database) }
    }

    package func closeBreakers(of handler: HandlerName) throws(StoreError) -> [WorkerID] {
        try write { database in
            try String.fetchAll(
                database,
                sql: Self.closeBreakers,
                arguments: ["name": handler.rawValue]
            ).map(WorkerID.init(rawValue:))
        }
    }

    private static func breakers(of worker: WorkerID, in database: Database) throws -> String {
        let breakers = try String.fetchOne(
            database,
            sql: "SELECT breakers FROM worker WHERE id = ?",
            arguments: [worker.rawValue]
        )
        return breakers ?? "{}"
    }

    /// A handler's name may hold a quote; as a key of a path it is a JSON string.
    private static let closeBreakers = """
        UPDATE worker
        SET breakers = json_remove(breakers, '$.' || json_quote(:name))
        WHERE stopped_at IS NULL
            AND json_type(breakers, '$.' || json_quote(:name)) IS NOT NULL
        RETURNING id
        """
}
