import Foundation
import GRDB
package import Logging

/// Puts a backup in the place of a store that is gone.
///
/// The restored store is held: deliveries are taken in and routed, and no job runs until an operator
/// resumes everything, because the world may have moved on since the backup.
package struct Restore: Sendable {
    /// What was restored.
    package struct Result: Equatable, Sendable {
        package var backup: Backup
        /// When the backup's last delivery came: what Gitea sent later is not in it.
        package var newestReceived: Timestamp?
        package var liveJobs: Int
        /// Jobs that ran when the backup was made; they run again.
        package var wereRunning: Int
        /// Numbers that are left out, so that none is given twice.
        package var skippedNumbers: Int64
    }

    /// How many numbers are left out at least.
    ///
    /// A handler may know a job by its number (`Idempotency-Key`), and numbers that were given
    /// after the backup are in no file any more. A million is more than comes in at once.
    package static let skippedNumbers: Int64 = 1_000_000

    /// How many more for each second since the backup.
    ///
    /// So whoever restores the same backup twice gets other numbers the second time: no store on
    /// one machine gives a thousand a second for long.
    package static let skippedNumbersPerSecond: Int64 = 1000

    private let file: String
    private let store: String
    private let digest: PayloadDigest
    private let clocks: Clocks
    private let logger: Logger

    /// - Parameters:
    ///   - file: the backup.
    ///   - store: where the store will be.
    ///   - digest: computes what the bodies are compared by.
    ///   - clocks: where time comes from.
    ///   - logger: for the store that is prepared.
    package init(
        file: String,
        store: String,
        digest: @escaping PayloadDigest,
        clocks: Clocks = .system,
        logger: Logger = Logger(label: "samovar.store")
    ) {
        self.file = file
        self.store = store
        self.digest = digest
        self.clocks = clocks
        self.logger = logger
    }

    /// Verifies, copies, prepares and puts in place; when this returns, it survives a power cut.
    ///
    /// - Throws: whatever keeps it from being restored; nothing is changed then.
    package func run() async throws(BackupError) -> Result {
        try checkPlace()
        if let shortfall = DatabaseHeader.shortfall(of: file) {
            throw .unsound(file: file, findings: [shortfall])
        }
        do {
            try Examination(path: file).close()
        } catch {
            throw damage(BackupError(error, file: file))
        }
        let folder = (store as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o770]
            )
        } catch {
            throw .cannotWrite(file: folder, reason: error.localizedDescription)
        }
        let turn: TurnLock
        do throws(StoreError) {
            turn = try TurnLock(store: store)
        } catch {
            throw .store(error)
        }
        guard turn.takeIfFree() else { throw .inUse(by: ["somebody writes to \(store)"]) }
        // Held to the end: whoever starts meanwhile waits, and then finds the restored store.
        defer { turn.pass() }
        try checkPlace()
        let partial = try PartialFile(besides: store)
        do throws(BackupError) {
            let result = try await fill(partial)
            try giveToUser(partial.path)
            unsafe unlink(partial.path + ".turn")
            try partial.takePlace(replacing: false)
            return result
        } catch {
            partial.remove()
            throw error
        }
    }

    /// Nobody may be at work in the store's place, and nothing may be there.
    ///
    /// In this order: who is told to move files away must have stopped the services before.
    private func checkPlace() throws(BackupError) {
        let users = StoreUsers.find(store: store)
        guard users.isEmpty else { throw .inUse(by: users) }
        let inTheWay = ["", "-wal", "-shm", "-journal"].map { store + $0 }
            .filter { unsafe access($0, F_OK) == 0 }
        guard inTheWay.isEmpty else { throw .storeExists(files: inTheWay) }
    }

    /// Copies the backup into the file and makes a held store of it.
    private func fill(_ partial: PartialFile) async throws(BackupError) -> Result {
        do {
            let source = try Examination(path: file)
            defer { try? source.close() }  // it was only read
            let handlers = StoreUsers.handlers(of: try source.uuid())
            guard handlers.isEmpty else { throw BackupError.inUse(by: handlers) }
            do throws(BackupError) {
                try source.copy(to: partial.path, named: file)
            } catch {
                throw damage(error, in: source)
            }
        } catch {
            throw damage(BackupError(error, file: file))
        }
        let compared = try Examination.verified(partial.path, named: file, digest: digest)
        var result: Result
        do throws(StoreError) {
            let restored = try SQLiteStore(
                path: partial.path,
                mayCreate: false,
                clocks: clocks,
                logger: logger
            )
            result = try await restored.hold(from: file)
            // The last connection moves the log into the file, and removes it.
            try await restored.close()
        } catch {
            throw error.isDiskFull ? .diskFull(file: store) : .store(error)
        }
        result.backup = try Examination.verified(partial.path, named: file, digest: nil)
        result.backup.file = file
        result.backup.bodiesWithoutDigest = compared.bodiesWithoutDigest
        for suffix in ["-wal", "-shm"] { unsafe unlink(partial.path + suffix) }
        return result
    }

    /// A file that SQLite finds damaged is refused as unsound, with all that can be said of it.
    private func damage(_ error: BackupError, in source: Examination? = nil) -> BackupError {
        guard case .store(.corrupt(_, let reason)) = error else { return error }
        let found = source?.file(quick: true).filter(\.isFinding).map(\.text) ?? []
        return .unsound(file: file, findings: found.isEmpty ? [reason] : found)
    }

    /// The store is for whom the file of its turn is for: it was made by the services, or just now
    /// as they would make it.
    ///
    /// Root restores for the user whose folder it is.
    private func giveToUser(_ file: String) throws(BackupError) {
        func check(_ result: Int32, _ file: String, _ purpose: String) throws(BackupError) {
            guard result == 0 else {
                throw .cannotWrite(file: file, reason: "\(purpose): \(systemError())")
            }
        }
        let turn = store + ".turn"
        var info = stat()
        try check(unsafe stat(turn, &info), turn, "its mode cannot be read")
        try check(unsafe chmod(file, info.st_mode & 0o660), file, "its mode cannot be set")
        guard geteuid() == 0 else { return }
        let folder = (store as NSString).deletingLastPathComponent
        try check(unsafe stat(folder, &info), folder, "its owner cannot be read")
        for own in [file, turn] {
            try check(
                unsafe lchown(own, info.st_uid, info.st_gid),
                own,
                "it cannot be given to the user whose folder it is in"
            )
        }
    }
}

extension StoreError {
    fileprivate var isDiskFull: Bool {
        if case .full = self { true } else { false }
    }
}
