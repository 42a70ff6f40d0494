import Foundation
import GRDB
package import Logging
import Migrations

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
    /// The file that was opened.
    private let file: FileIdentity?
    private var nextLook = MonotonicTime(rawValue: .min)
    /// Set by a disk error: a connection that saw one is never trusted again.
    private var brokenBy: StoreError?
    package nonisolated let executor: StoreExecutor

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
    /// - Throws: a file that is not ours or newer than this program stays untouched; a migration
    ///   that fails leaves the old store intact.
    package init(
        path: String,
        mayCreate: Bool = true,
        clocks: Clocks = .system,
        logger: Logger = Logger(label: "samovar.store")
    ) throws(StoreError) {
        let schema = try Connection.look(at: path, knownSchema: MigrationPlan.current.newest)
        if schema == nil {
            guard mayCreate else { throw .missing(path: path) }
            try Self.createFolder(for: path)
        }
        let turn = try TurnLock(store: path)
        turn.take()
        defer { turn.pass() }
        if schema == nil { try Self.createFile(path) }
        let connection = try Connection.open(path)
        try MigrationPlan.current.apply(to: connection, path: path, now: clocks.now())
        checkpoint = try Checkpoint(path: path, writer: connection)
        file = FileIdentity(path)
        self.turn = turn
        self.connection = connection
        self.path = path
        self.clocks = clocks
        self.logger = logger
        executor = StoreExecutor()
    }

    /// Ends the connections.
    ///
    /// Nothing may be called afterwards.
    package func close() throws(StoreError) {
        turn.take()
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
        try lookAtFile()
        turn.take()
        defer { turn.pass() }
        do {
            let value = try connection.writeWithoutTransaction { database in
                var value: Value?
                try database.inTransaction(.immediate) {
                    value = try change(database)
                    return .commit
                }
                return value
            }
            guard let value else {
                preconditionFailure("a transaction that did not throw ran its change")
            }
            checkpointWhenDue()
            return value
        } catch {
            let error = StoreError(error, path: path)
            if case .inputOutput = error { brokenBy = error }
            throw error
        }
    }

    /// Looks, once a second, whether the file is still the one that was opened.
    ///
    /// SQLite goes on writing to a file that was moved or deleted, and nobody would find what was
    /// acknowledged there. It is treated as a failed disk: never trusted again.
    private func lookAtFile() throws(StoreError) {
        let now = clocks.monotonic()
        guard now >= nextLook else { return }
        nextLook = now + Limits.fileLookInterval
        guard FileIdentity(path) != file else { return }
        let error = StoreError.inputOutput(
            path: path,
            reason: "the file was moved or deleted while it was in use"
        )
        brokenBy = error
        throw error
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
            throw StoreError(error, path: path)
        }
    }

    /// Pages of log waiting to be moved into the database, at this connection's last commit.
    package var logPages: Int { checkpoint.logPages }

    /// The caller holds the turn.
    ///
    /// A checkpoint that fails costs nothing that was committed, and the next commit tries again:
    /// so it is logged, and the commit before it stands.
    private func checkpointWhenDue() {
        guard checkpoint.isDue else { return }
        do {
            try connection.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try checkpoint.run()
                    return .commit
                }
            }
        } catch {
            logger.warning(
                "checkpoint failed, the log grows until one succeeds",
                metadata: ["error": "\(StoreError(error, path: path))"]
            )
        }
    }

    /// Makes an empty file, which is what SQLite begins with, for its user and group alone.
    ///
    /// Payloads of private repositories are for nobody else; SQLite would make the file readable by
    /// all, and gives the log the mode that the file has. The caller holds the turn: nobody has a
    /// connection to the new file yet whose locks closing this descriptor would drop.
    private static func createFile(_ path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o660)
        if descriptor < 0, errno == EEXIST { return }
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemError()) }
        Foundation.close(descriptor)
    }

    private static func createFolder(for path: String) throws(StoreError) {
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
