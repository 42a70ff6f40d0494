import GRDB
import GRDBSQLite

/// Moves the log into the database, small and often.
///
/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when one process checkpoints while another
/// commits and resets the log (sqlite.org/wal.html#walresetbug). So automatic checkpoints are off,
/// and this one runs only under the turn and the write lock: the writer's connection holds an
/// immediate transaction, so nobody commits, while a second connection checkpoints. PASSIVE waits
/// for nobody: what a reader still needs stays in the log until the next time.
final class Checkpoint {
    /// Pages in the log at this connection's last commit.
    private let meter = LogMeter()
    private let connection: DatabaseQueue

    /// Watches the writer's commits.
    ///
    /// Setting a WAL hook also keeps automatic checkpoints off (sqlite.org/c3ref/wal_hook.html).
    init(path: String, writer: DatabaseQueue) throws(StoreError) {
        connection = try Connection.open(path)
        let meter = self.meter
        writer.inDatabase { database in
            meter.watch(database)
        }
    }

    /// Pages in the log when a reader last kept some of them there; nil when none did.
    private var blockedAtPages: Int?

    /// How many pages the last one could move before those that a reader still needs; nil when it
    /// moved all.
    private(set) var blockedAfterPages: Int?

    /// Whether a reader kept the last one from emptying the log.
    var isBlocked: Bool { blockedAtPages != nil }

    /// Whether the log has grown enough.
    ///
    /// Called after every commit.
    var isDue: Bool {
        // A smaller log than the one that was blocked began anew, whoever moved it.
        if let blocked = blockedAtPages, meter.pages >= blocked {
            return meter.pages >= blocked + Limits.checkpointRetryPages
        }
        return meter.pages >= Limits.checkpointPages
    }

    /// Pages in the log at the last commit.
    var logPages: Int { meter.pages }

    /// Moves what it can.
    ///
    /// The caller holds the turn and an immediate transaction.
    func run() throws {
        let result = try connection.inDatabase { database in
            try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
        }
        // One row: busy, pages in the log, pages moved (sqlite.org/pragma.html#pragma_wal_checkpoint).
        guard let result else { preconditionFailure("wal_checkpoint returns one row") }
        let (inLog, moved): (Int, Int) = (result[1], result[2])
        // Minus one when somebody else is at it, a shell: nothing is known then.
        guard inLog >= 0 else { return }
        // What a reader still needs stays in the log: every commit would try again in vain.
        blockedAtPages = moved == inLog ? nil : inLog
        blockedAfterPages = moved == inLog ? nil : moved
    }

    func close() throws {
        try connection.close()
    }
}

/// Counts the pages of the log, told by SQLite after every commit of one connection.
private final class LogMeter {
    fileprivate var pages = 0

    /// Safe because the meter lives as long as its Checkpoint, which the store keeps until its
    /// connections are closed; and because the hook runs on the thread that commits.
    func watch(_ database: Database) {
        unsafe sqlite3_wal_hook(
            database.sqliteConnection,
            { meter, _, _, pages in
                guard let meter = unsafe meter else { return SQLITE_OK }
                unsafe Unmanaged<LogMeter>.fromOpaque(meter).takeUnretainedValue().pages =
                    Int(pages)
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }
}
