import Foundation
package import Telemetry

/// What a store counts of its own work, and shows of its files.
package final class StoreMetrics: Sendable {
    private let path: String

    private let turnWait = Histogram(
        "samovar_turn_wait_seconds",
        "Time a write waited for its turn among Samovar's processes and for SQLite's write lock.",
        .writes
    )
    private let commit = Histogram(
        "samovar_commit_seconds",
        "Time of COMMIT alone: writing the log and its fsync, without waiting for the turn.",
        .writes
    )
    private let checkpoint = Histogram(
        "samovar_checkpoint_seconds",
        "Time of a checkpoint that this process made: moving the log into the database.",
        .writes
    )
    /// Of this process: SQLite tells of its files, not of its connections.
    private static let syncs = Histogram(
        "samovar_fsync_seconds",
        "Time of one fsync, by file: of a commit the log, of a checkpoint both, or of the spool.",
        .writes,
        LabelSet<SyncedFile>.all
    )
    private let failures = Counter(
        "samovar_write_failures_total",
        "Writes that the store did not take: locked, full, read-only, I/O error."
    )
    private let checkpointBlocked = Gauge(
        "samovar_checkpoint_blocked",
        "1 while a reader keeps this process's checkpoints from emptying the log."
    )

    /// Metrics of the store at this path.
    package init(path: String) {
        self.path = path
    }

    /// All families.
    package var all: [any Metric] {
        [
            turnWait, commit, Self.syncs, checkpoint, failures, checkpointBlocked,
            Reading("samovar_wal_bytes", "Size of the store's log (WAL).") { [path] in
                // Without a log there is none to be moved.
                Self.size(of: path + "-wal") ?? 0
            },
            Reading("samovar_store_bytes", "Size of the store's file.") { [path] in
                Self.size(of: path)
            },
            Reading("samovar_disk_free_bytes", "Room left on the store's file system.") { [path] in
                var system = statvfs()
                guard unsafe statvfs(path, &system) == 0 else { return nil }
                return Double(system.f_bavail) * Double(system.f_frsize)
            },
        ]
    }

    /// From the file system alone: opening the file beside SQLite would drop its locks.
    private static func size(of path: String) -> Double? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Double(status.st_size)
    }

    // MARK: Told by the store

    static func noteSync(of file: SyncedFile, took duration: Duration) {
        syncs.observe(duration, of: file)
    }

    func noteCheckpoint(took duration: Duration, isBlocked: Bool) {
        checkpoint.observe(duration)
        checkpointBlocked.set(isBlocked ? 1 : 0)
    }

    func noteFailure() {
        failures.add()
    }

    /// Follows one write from before its turn to after its commit.
    struct Stopwatch {
        private let metrics: StoreMetrics?
        private var mark: SuspendingClock.Instant

        init(_ metrics: StoreMetrics?) {
            self.metrics = metrics
            mark = .now
        }

        /// The write lock is held.
        func locked() {
            metrics?.turnWait.observe(mark.duration(to: .now))
        }

        /// All is written but for the commit.
        mutating func committing() {
            mark = .now
        }

        func committed() {
            metrics?.commit.observe(mark.duration(to: .now))
        }
    }
}

/// A file whose fsync somebody waits for, as a label.
enum SyncedFile: String, CaseIterable, MetricLabel {
    static let labelName = "file"

    case log
    case database
    case spool
}
