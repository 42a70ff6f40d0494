import CSQLite
import Foundation
import GRDB
package import Logging
import Migrations
import StateFolder
import Telemetry

/// The store in one SQLite file: the only type that knows SQLite.
///
/// One connection writes, on one thread (``StoreExecutor``). Every write takes the turn, runs in
/// an immediate transaction without any `await` inside, and is on disk when the call returns.
package actor SQLiteStore: QueueStore {
    let path: String
    let clocks: Clocks
    let connection: DatabaseQueue
    /// Where claims went on last time, so that groups are served in turn.
    var claimCursor = ClaimCursor()

    private let turn: TurnLock
    private let checkpoint: Checkpoint
    let logger: Logger
    /// A full disk must not have its log filled too.
    private let checkpointTroubles: SampledLog
    private var longReader: LongReader
    private let metrics: StoreMetrics?
    private let files: StoreFiles
    private let logRoom = LogRoom()
    private var nextLook = MonotonicTime(rawValue: .min)
    /// Set once what the log held when this store was opened is known to be on disk.
    private var isLogOnDisk = false
    /// Set by a disk error: a connection that saw one is never trusted again.
    private var brokenBy: StoreError?
    package nonisolated let executor: StoreExecutor
    /// Whether there was no store before.
    package nonisolated let isNew: Bool

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the store, creating it or bringing its schema up to date when needed.
    ///
    /// - Parameters:
    ///   - path: the database file; `<path>.turn`, `-wal` and `-shm` lie beside it.
    ///   - mayCreate: false for commands that only look: a missing file is an error then.
    ///   - clocks: where time comes from.
    ///   - logger: told of checkpoints that failed.
    ///   - executor: the thread that the store works on; one of its own by default.
    ///   - metrics: told of writes and checkpoints.
    ///   - patience: how long it waits while another process has the turn.
    /// - Throws: a file that is not ours or newer than this program stays untouched; a migration
    ///   that fails leaves the old store intact; `.busy` when the turn did not come.
    package init(
        path: String,
        mayCreate: Bool = true,
        clocks: Clocks = .system,
        logger: Logger = Logger(label: "samovar.store"),
        executor: StoreExecutor = StoreExecutor(),
        metrics: StoreMetrics? = nil,
        patience: Duration? = nil
    ) throws(StoreError) {
        let schema = try Connection.look(at: path, knownSchema: MigrationPlan.current.newest)
        if schema == nil {
            guard mayCreate else { throw .missing(path: path) }
            try Self.createFolder(for: path)
        }
        let turn = try TurnLock(store: path)
        let isCurrent = schema == MigrationPlan.current.newest
        try Self.take(
            turn,
            of: path,
            within: patience ?? (isCurrent ? Limits.openPatience : Limits.migrationPatience),
            logger: logger
        )
        defer { turn.pass() }
        if schema == nil { try Self.createFile(path) }
        let connection = try Connection.open(path)
        // Without a migration nothing is written: a store that is locked or full can be opened.
        if !isCurrent {
            isLogOnDisk = try Self.putLogOnDisk(path, turn, connection)
        }
        try MigrationPlan.current.apply(to: connection, path: path, now: clocks.now())
        checkpoint = try Checkpoint(path: path, writer: connection)
        files = StoreFiles(path)
        isNew = schema == nil
        self.turn = turn
        self.connection = connection
        self.path = path
        self.clocks = clocks
        self.logger = logger
        checkpointTroubles = SampledLog(logger, every: Limits.checkpointLogInterval)
        longReader = LongReader(store: path, logger)
        self.executor = executor
        self.metrics = metrics
    }

    /// Takes the turn to open the store, and says so when that takes long.
    private static func take(
        _ turn: TurnLock,
        of path: String,
        within patience: Duration,
        logger: Logger
    ) throws(StoreError) {
        let notice = min(patience, Limits.turnNotice)
        if turn.take(within: notice) { return }
        if notice < patience {
            logger.warning(
                "waiting for the turn to write, which another process has",
                metadata: [
                    "store": "\(path)", "held.by": "\(holder(of: path, turn))",
                    "seconds.most": "\(patience.components.seconds)",
                ]
            )
            if turn.take(within: patience - notice) { return }
        }
        if let writer = LogLocks.longWriter(store: path) {
            throw .busy(path: path, writer: writer.text)
        }
        throw .busy(path: path, turn: turn.holder ?? unseenHolder)
    }

    /// Who keeps this process from writing, for people: one that keeps a transaction open also keeps
    /// waiting who has the turn, and that one is not to blame.
    private static func holder(of path: String, _ turn: TurnLock) -> String {
        LogLocks.longWriter(store: path)?.text ?? turn.holder ?? unseenHolder
    }

    private static let unseenHolder = "a process that cannot be seen from here"

    /// Whether a write waits for another process that has the turn.
    package nonisolated var isWaitingForTurn: Bool { turn.isWaiting }

    /// Ends the connections.
    ///
    /// Nothing may be called afterwards. Where somebody was stopped while he had the turn, the
    /// connections are left to the end of this process: what was committed needs no closing.
    package func close() throws(StoreError) {
        guard brokenBy == nil else { return }
        guard turn.take(within: Limits.closePatience) else {
            logger.warning(
                "not closed: another process has had the turn for long",
                metadata: ["store": "\(path)", "held.by": "\(Self.holder(of: path, turn))"]
            )
            return
        }
        defer { turn.pass() }
        do {
            try checkpoint.close()
            try connection.close()
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Runs a change in one immediate transaction.
    ///
    /// When this returns, it survives a power cut.
    ///
    /// - Throws: whatever went wrong, as a StoreError; nothing is changed then.
    func write<Value>(_ change: (Database) throws -> Value) throws(StoreError) -> Value {
        if let brokenBy { throw brokenBy }
        var watch = StoreMetrics.Stopwatch(metrics)
        turn.take()
        defer { turn.pass() }
        try lookAtFilesNowAndThen()
        do {
            if !isLogOnDisk { isLogOnDisk = try Self.putLogOnDisk(path, turn, connection) }
            let value = try connection.writeWithoutTransaction { database in
                let changes = database.totalChangesCount
                try RawStatement("BEGIN IMMEDIATE", in: database).run()
                watch.locked()
                let value: Value
                do {
                    value = try change(database)
                    watch.committing()
                    try logRoom.gathering { try RawStatement("COMMIT", in: database).run() }
                } catch {
                    // Some errors have undone it already; one more adds nothing to the first.
                    if database.isInsideTransaction { try? database.rollback() }
                    throw error
                }
                // One that changed nothing wrote nothing.
                if database.totalChangesCount > changes { watch.committed() }
                return value
            }
            checkpointWhenDue()
            // Last of all: whatever is promised now is in a file that others find.
            try lookAtFiles()
            return value
        } catch {
            let error = failure(error)
            metrics?.noteFailure()
            if case .inputOutput = error { retire(because: error) }
            throw error
        }
    }

    /// Runs a change that is tried once more when the disk is full, after a checkpoint: the log's
    /// room can be used again when what is in it has moved into the database.
    ///
    /// The change may be called twice.
    func writeMakingRoom<Value>(_ change: (Database) throws -> Value) throws(StoreError) -> Value {
        do throws(StoreError) {
            return try write(change)
        } catch .full(let path) {
            guard makeRoom() else { throw .full(path: path) }
            return try write(change)
        }
    }

    /// - Returns: false when there was nothing to be moved, or it could not be.
    private func makeRoom() -> Bool {
        guard checkpoint.logPages > 0 else { return false }
        turn.take()
        defer { turn.pass() }
        return checkpointNow()
    }

    /// Writes the log again that a process left which is gone: its last flush may have failed.
    ///
    /// Only when no other store is open; who has one has done it. The caller holds the turn.
    ///
    /// - Returns: true.
    private static func putLogOnDisk(
        _ path: String,
        _ turn: TurnLock,
        _ connection: DatabaseQueue
    ) throws(StoreError) -> Bool {
        if turn.isAlone() {
            do {
                try connection.writeWithoutTransaction { database in
                    try database.inTransaction(.immediate) {
                        try LogFile.writeAgain(ofStore: path)
                        return .commit
                    }
                }
            } catch {
                turn.leave()
                throw StoreError(error, path: path)
            }
        }
        turn.join()
        return true
    }

    /// Looks before a write, unless the last one has just looked: what is written to a log that was
    /// deleted would be missing in the one that others have opened since.
    private func lookAtFilesNowAndThen() throws(StoreError) {
        guard clocks.monotonic() >= nextLook else { return }
        do throws(StoreError) {
            try lookAtFiles()
        } catch {
            retire(because: error)
            throw error
        }
    }

    /// Looks whether the files are still those that were opened.
    ///
    /// - Throws: as a failed disk, when they are not. What is in the log was moved into the file
    ///   before, in case only the log is gone. The caller holds the turn.
    private func lookAtFiles() throws(StoreError) {
        nextLook = clocks.monotonic() + Limits.fileLookInterval
        guard let lost = files.lost else { return }
        _ = checkpointNow()
        throw .inputOutput(path: lost, reason: "it was moved or deleted while it was in use")
    }

    /// From now on every write fails.
    ///
    /// The connections stay open until the process ends: whoever closes the last one of a file has
    /// SQLite delete the log by its name, and by now that may be the log of another file.
    private func retire(because error: StoreError) {
        brokenBy = error
        _ = unsafe Unmanaged.passRetained(connection)
        _ = unsafe Unmanaged.passRetained(checkpoint)
    }

    /// What an error means: SQLite says of a disk that cannot be read that the file is damaged.
    private func failure(_ error: any Error) -> StoreError {
        let error = StoreError(error, path: path)
        if case .busy(_, nil, nil) = error {
            return .busy(path: path, writer: LogLocks.longWriter(store: path)?.text)
        }
        guard case .corrupt = error else { return error }
        let number = connection.inDatabase { unsafe csqlite_disk_error($0.sqliteConnection) }
        guard number != 0 else { return error }
        errno = number
        return .inputOutput(path: path, reason: "it cannot be read: \(systemError())")
    }

    /// Reads in one transaction, so that all statements see the same moment.
    func read<Value>(_ look: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try connection.writeWithoutTransaction { database in
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
            throw failure(error)
        }
    }

    /// Pages of log waiting to be moved into the database, at this connection's last commit.
    package var logPages: Int { checkpoint.logPages }

    /// The caller holds the turn.
    ///
    /// A checkpoint that fails costs nothing that was committed: the commit before it stands. On a
    /// full disk the next commit tries again; after an error of the disk the next commit is refused.
    private func checkpointWhenDue() {
        guard checkpoint.isDue else { return }
        _ = checkpointNow()
    }

    /// - Returns: whether it went through.
    private func checkpointNow() -> Bool {
        let start = SuspendingClock.now
        do {
            try connection.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try checkpoint.run()
                    return .commit
                }
            }
            metrics?.noteCheckpoint(
                took: start.duration(to: .now),
                isBlocked: checkpoint.isBlocked
            )
            if let pages = checkpoint.blockedAfterPages {
                longReader.noteBlocked(
                    afterPages: pages,
                    of: checkpoint.logPages,
                    at: clocks.monotonic()
                )
            } else {
                longReader.noteEmptied()
            }
            return true
        } catch {
            noteFailedCheckpoint(failure(error))
            return false
        }
    }

    /// After an error of the disk nobody knows what of the database's file is on it: another process
    /// with fresh connections writes all pages of the log again (`csqlite_trust_no_page`).
    private func noteFailedCheckpoint(_ error: StoreError) {
        if case .inputOutput = error {
            logger.error(
                "checkpoint failed, this process takes no more writes",
                metadata: ["error": "\(error)"]
            )
            return retire(because: error)
        }
        checkpointTroubles.log(.warning, "checkpoint failed, the log grows until one succeeds") {
            ["error": "\(error)"]
        }
    }

    /// Makes an empty file, which is what SQLite begins with, for its user and group alone.
    ///
    /// Payloads of private repositories are for nobody else; SQLite would make the file readable by
    /// all, and gives the log the mode that the file has. The caller holds the turn: nobody has a
    /// connection to the new file yet whose locks closing this descriptor would drop.
    private static func createFile(_ path: String) throws(StoreError) {
        let descriptor = StateFile.open(path, O_WRONLY | O_EXCL)
        if descriptor < 0, errno == EEXIST { return }
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemError()) }
        Foundation.close(descriptor)
    }

    private static func createFolder(for path: String) throws(StoreError) {
        // What `samovar check` says beforehand.
        if let obstacle = Self.obstacle(toMaking: path) { throw obstacle }
        let folder = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o770]
            )
        } catch {
            throw .cannotOpen(path: folder, reason: error.localizedDescription)
        }
    }
}
