import GRDB
import GRDBSQLite

/// Counts the instructions of SQLite's machine on one connection, those of triggers and foreign
/// keys included: what something costs, without a clock.
///
/// Nothing else touches the counter while it runs: the connection calls it from within its
/// statements, one at a time.
@safe
final class StepMeter: @unchecked Sendable {
    private let counter = UnsafeMutablePointer<Int>.allocate(capacity: 1)

    init() {
        unsafe counter.initialize(to: 0)
    }

    deinit {
        unsafe counter.deallocate()
    }

    var steps: Int { unsafe counter.pointee }

    /// sqlite.org/c3ref/progress_handler.html: called after every single instruction.
    func start(on database: Database) {
        unsafe sqlite3_progress_handler(
            database.sqliteConnection,
            1,
            { counter in
                unsafe counter?.assumingMemoryBound(to: Int.self).pointee += 1
                return 0
            },
            counter
        )
    }

    func stop(on database: Database) {
        unsafe sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil)
    }
}
