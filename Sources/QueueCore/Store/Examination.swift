import GRDB

/// A store as it is found: opened read-only, never made, never migrated, whatever is wrong with it.
///
/// Each question is one read transaction, so its answer is of one moment; while a long one goes on,
/// the log cannot be emptied and grows. All calls block: run them on a ``StoreExecutor``.
package struct Examination: Sendable {
    package let path: String
    /// The number of the last migration that was applied to it.
    package let schema: Int
    let connection: DatabaseQueue

    /// Opens a file that must be a store this program knows.
    ///
    /// - Throws: `.missing`, `.notOurs`, `.notADatabase`, `.newer`, or what keeps it from being
    ///   read.
    package init(path: String) throws(StoreError) {
        let schema = try Connection.look(at: path, knownSchema: MigrationPlan.current.newest)
        guard let schema else { throw .missing(path: path) }
        self.path = path
        self.schema = schema
        connection = try Connection.openToRead(path)
    }

    /// Ends the connection.
    ///
    /// Nothing may be called afterwards.
    package func close() throws(StoreError) {
        do {
            try connection.close()
        } catch {
            throw StoreError(error, path: path)
        }
    }

    func read<Value>(_ look: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try connection.inDatabase { database in
                var value: Value?
                try database.inTransaction(.deferred) {
                    value = try look(database)
                    return .commit
                }
                guard let value else {
                    preconditionFailure("a transaction that did not throw ran its body")
                }
                return value
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Asks one question; what cannot be read is a finding of its own.
    func diagnose(
        _ subject: Diagnosis.Subject,
        _ check: String,
        _ look: (Database) throws -> [Diagnosis]
    ) -> [Diagnosis] {
        do {
            return try read(look)
        } catch {
            return [
                Diagnosis(
                    subject,
                    check,
                    .failure,
                    "cannot be read: \(error)",
                    hint: error.operatorHint
                )
            ]
        }
    }
}

extension Connection {
    /// Opens a connection that cannot write, and waits for nobody longer than two seconds.
    static func openToRead(_ path: String) throws(StoreError) -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.label = "samovar.examination"
        configuration.readonly = true
        configuration.busyMode = .timeout(Limits.busyTimeout.seconds)
        configuration.prepareDatabase { database in
            // Sorting large tables stays off the disk, which may be full.
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw StoreError(error, path: path)
        }
    }
}
