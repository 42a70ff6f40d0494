import CSQLite
import Foundation
import GRDB
import GRDBSQLite

/// How Samovar opens SQLite: every pragma set in one place, each with its reason, and read back.
enum Connection {
    /// 'Smvr', as the first migration sets it.
    static let applicationID: Int32 = 1_399_682_674

    /// Looks at a file before anything may write to it.
    ///
    /// - Returns: the schema's number, or nil when there is nothing yet.
    /// - Throws: `.notOurs`, `.notADatabase` or `.newer`; the file is untouched then.
    static func look(at path: String, knownSchema: Int) throws(StoreError) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let attributes else { return nil }
        // SQLite opens a folder for reading, and then calls it a failing disk.
        if attributes[.type] as? FileAttributeType == .typeDirectory {
            throw .cannotOpen(path: path, reason: "it is a folder")
        }
        if attributes[.size] as? Int == 0 { return nil }
        precondition(isConfigured, "SQLite is configured before its first use")
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .callback(wait)
            let found = try DatabaseQueue(path: path, configuration: configuration)
                .read { database -> (id: Int32, schema: Int?, tables: Int) in
                    let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                    let tables = try Int.fetchOne(
                        database,
                        sql: "SELECT count(*) FROM sqlite_schema"
                    )
                    guard id == applicationID else { return (id, nil, tables ?? 0) }
                    let schema = try Int.fetchOne(
                        database,
                        sql: "SELECT max(number) FROM migration"
                    )
                    return (id, schema, tables ?? 0)
                }
            guard found.id == applicationID else {
                // A database without any table has nothing to lose: a first start that was killed
                // before its first migration leaves such a file.
                if found.id == 0, found.tables == 0 { return nil }
                throw StoreError.notOurs(path: path)
            }
            if let schema = found.schema, schema > knownSchema {
                throw StoreError.newer(path: path, schema: schema, known: knownSchema)
            }
            return found.schema
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Opens a connection that may write.
    static func open(_ path: String) throws(StoreError) -> DatabaseQueue {
        precondition(isConfigured, "SQLite is configured before its first use")
        var configuration = Configuration()
        configuration.label = "samovar"
        configuration.busyMode = .callback(wait)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // Pages of what was pruned can be given back to the file system. Only before the first
            // table: a store that was made otherwise keeps its mode until it is restored from a
            // backup, and setting the mode that a store has is a write (sqlite.org/pragma.html).
            if try Int.fetchOne(database, sql: "PRAGMA page_count") == 0 {
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            for pragma in pragmas {
                try database.execute(sql: "PRAGMA \(pragma.name) = \(pragma.value)")
                let value = try String.fetchOne(database, sql: "PRAGMA \(pragma.name)")
                guard value == pragma.reads else {
                    throw StoreError.cannotOpen(
                        path: path,
                        reason: "PRAGMA \(pragma.name) reads \(value ?? "nothing"), "
                            + "not \(pragma.reads)"
                    )
                }
            }
        }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// SQLite as a library is configured once, before the first connection; another program's part
    /// (a test's own connection) may have begun before, and then it goes on as it is.
    private static let isConfigured =
        [SQLITE_OK, SQLITE_MISUSE]
        .contains(csqlite_without_statistics()) && isWatched

    /// A commit is mostly its fsync, of which SQLite itself shows no time.
    private static let isWatched =
        csqlite_watch_syncs { file, nanoseconds in
            StoreMetrics.noteSync(
                of: file == csqlite_log ? .log : .database,
                took: .nanoseconds(nanoseconds)
            )
        } == SQLITE_OK

    private static let pragmas = [
        // Readers never wait for the writer, and a commit is one append and one fdatasync.
        (name: "journal_mode", value: "WAL", reads: "wal"),
        // NORMAL would not sync the log at commit: a power cut would take what was acknowledged.
        // sqlite.org/pragma.html#pragma_synchronous; GRDB sets NORMAL wherever it sets WAL itself.
        (name: "synchronous", value: "FULL", reads: "2"),
        (name: "foreign_keys", value: "ON", reads: "1"),
        // An I/O error on a mapped page is a signal that ends the process without a word.
        (name: "mmap_size", value: "0", reads: "0"),
        // Checkpoints run only under the turn and the write lock: see Checkpoint.
        (name: "wal_autocheckpoint", value: "0", reads: "0"),
        // A log that a long reader made grow gives its room back when it begins anew.
        (
            name: "journal_size_limit", value: "\(Limits.logBytesKept)",
            reads: "\(Limits.logBytesKept)"
        ),
        // What a transaction changes stays in memory until it commits: with pages in the log before
        // that, a savepoint that is rolled back leaves wrong checksums in the log of SQLite 3.40.1, and
        // a crash would lose that commit and all behind it.
        (name: "cache_spill", value: "OFF", reads: "0"),
        // Sorting and statement journals stay in memory: no second place that can be full.
        (name: "temp_store", value: "MEMORY", reads: "2"),
    ]

    /// Waits for strangers in short, jittered steps; Samovar's own processes wait at the turn.
    @Sendable
    private static func wait(tries: Int) -> Bool {
        let step = 0.000_6
        guard Double(tries) * step < Limits.busyTimeout.seconds else { return false }
        usleep(UInt32.random(in: 200...1000))
        return true
    }
}

extension StoreError {
    /// What a failure inside a store call means.
    init(_ error: any Error, path: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .cannotOpen(path: path, reason: String(describing: error))
            return
        }
        let message = error.message ?? "no message"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
        case .SQLITE_FULL: self = .full(path: path)
        case .SQLITE_IOERR: self = .inputOutput(path: path, reason: message)
        case .SQLITE_READONLY: self = .readOnly(path: path)
        case .SQLITE_CORRUPT: self = .corrupt(path: path, reason: message)
        case .SQLITE_NOTADB: self = .notADatabase(path: path)
        case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, reason: message)
        case .SQLITE_CONSTRAINT: self = .refused(reason: message)
        default:
            self = .sqlite(
                code: error.extendedResultCode.rawValue,
                message: message,
                // A migration is one statement of many hundred lines to SQLite.
                statement: String((error.sql ?? "").prefix(200))
            )
        }
    }
}
