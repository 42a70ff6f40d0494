/// Why the store could not do what it was asked.
package enum StoreError: Error, Equatable, Sendable {
    /// The file is a database, but not one of Samovar's; it was not touched.
    case notOurs(path: String)
    /// The file is not a SQLite database at all; it was not touched.
    case notADatabase(path: String)
    /// Written by a newer version; it was not touched.
    case newer(path: String, schema: Int, known: Int)
    /// There is no store yet, and the caller did not ask to create one.
    case missing(path: String)
    case cannotOpen(path: String, reason: String)
    /// A migration that was applied reads otherwise in this program.
    case migrationChanged(name: String)
    /// A migration did not go through; the store is as it was.
    case migrationFailed(name: String, reason: String)
    case readOnly(path: String)
    /// Somebody else held the write lock, or the turn to write, for too long; who has the turn, if it
    /// is known to be that, or who keeps a transaction open, if that can be seen.
    case busy(path: String, turn: String? = nil, writer: String? = nil)
    case full(path: String)
    /// The disk failed. A connection that saw this is never trusted again.
    case inputOutput(path: String, reason: String)
    case corrupt(path: String, reason: String)
    /// A constraint or trigger of the schema refused the change.
    case refused(reason: String)
    /// Anything else SQLite says: extended code, message and statement, never bound values.
    case sqlite(code: Int32, message: String, statement: String)

    /// Whether the same call may work later without anybody's help.
    package var isTransient: Bool {
        switch self {
        case .busy, .full: true
        case .notOurs, .notADatabase, .newer, .missing, .cannotOpen, .migrationChanged,
            .migrationFailed, .readOnly, .inputOutput, .corrupt, .refused, .sqlite:
            false
        }
    }

    /// What to do next, in one sentence.
    package var operatorHint: String {
        switch self {
        case .notOurs, .notADatabase:
            "Point `store:` in the configuration at Samovar's own file, or at one that does not exist yet."
        case .newer: "Install the version of Samovar that wrote it, or a newer one."
        case .missing:
            "It is made when samovar-ingress, samovar-worker or `samovar up` starts; check `store:` in the configuration."
        case .cannotOpen: "Check that the folder exists and that this user may write to it."
        case .migrationChanged: "Install an unmodified build of Samovar."
        case .migrationFailed:
            "The store is as it was: start the previous version, and report this."
        case .readOnly:
            "Check the file's owner and mode, and that its file system is mounted read-write."
        case .busy(_, _, let writer?):
            "End the transaction that \(writer) keeps open (COMMIT, ROLLBACK or .quit)."
        case .busy(_, nil, nil):
            "Look for a program that keeps a transaction open: `fuser <store>` names it."
        case .busy:
            "A process of Samovar that was stopped (SIGSTOP, a paused container) must go on or end: `fuser <store>.turn` names those that may have it."
        case .full: "Free some space on the disk that holds the store."
        case .inputOutput: "Check the disk (dmesg); Samovar starts anew with a fresh connection."
        case .corrupt: "Stop Samovar, keep a copy of the files, and restore a backup."
        case .refused: "See docs/STATE_MACHINE.md for what is allowed."
        case .sqlite: "See https://sqlite.org/rescode.html for the code."
        }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notOurs(let path): "\(path) is a SQLite database, but not a Samovar store"
        case .notADatabase(let path): "\(path) is not a SQLite database"
        case .newer(let path, let schema, let known):
            "\(path) has schema \(schema), and this program knows schemas up to \(known)"
        case .missing(let path): "there is no store at \(path)"
        case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
        case .migrationChanged(let name):
            "migration \(name) was applied with another text than this program carries"
        case .migrationFailed(let name, let reason): "migration \(name) failed: \(reason)"
        case .readOnly(let path): "\(path) is read-only"
        case .busy(let path, _, let writer?): "\(path) is locked by another program: \(writer)"
        case .busy(let path, nil, nil): "\(path) is locked by another program"
        case .busy(let path, let holder?, nil):
            "the turn to write to \(path) has been held for too long by \(holder)"
        case .full(let path): "the disk that holds \(path) is full"
        case .inputOutput(let path, let reason): "disk error at \(path): \(reason)"
        case .corrupt(let path, let reason): "\(path) is damaged: \(reason)"
        case .refused(let reason): reason
        case .sqlite(let code, let message, let statement):
            "SQLite error \(code): \(message) (\(statement))"
        }
    }
}
