/// Why a backup was not made, or not put in a store's place; nothing is changed then.
package enum BackupError: Error, Equatable, Sendable {
    /// The target is the store, or a file that belongs to it.
    case isTheStore(file: String)
    case exists(file: String)
    /// What would be replaced was no backup.
    case notADatabase(file: String)
    /// A folder, a pipe or a device.
    case notAFile(file: String)
    /// The journal of another database with this name, which SQLite would play into the new one.
    case leftover(file: String)
    case noFolder(folder: String)
    case cannotWrite(file: String, reason: String)
    case diskFull(file: String)
    case noBackup(file: String)
    /// The copy was read and is not what a store must be.
    case unsound(file: String, findings: [String])
    /// A store is there, or what is left of one.
    case storeExists(files: [String])
    /// Services work on the store, or handlers on its jobs.
    case inUse(by: [String])
    case store(StoreError)

    /// Whether it was refused, rather than impossible.
    package var isRefusal: Bool {
        switch self {
        case .isTheStore, .exists, .notADatabase, .notAFile, .leftover, .unsound, .storeExists,
            .inUse:
            true
        case .noFolder, .cannotWrite, .diskFull, .noBackup, .store: false
        }
    }

    /// What to do next.
    package var operatorHint: String {
        switch self {
        case .isTheStore: "Name a file that is not part of the store, best on another disk."
        case .exists: "Name another file, or say --force to replace it."
        case .notADatabase: "Name another file: --force replaces backups only."
        case .notAFile, .noBackup: "Name a file."
        case .leftover(let file):
            "If no database of that name is in use, remove it: rm \(file.shellQuoted)"
        case .noFolder(let folder): "Make it first: mkdir -p \(folder.shellQuoted)"
        case .cannotWrite: "Check that this user may write to the folder."
        case .diskFull: "Free some space there, or name a file on another disk."
        case .unsound:
            "Take another backup, or restore an earlier one; `samovar doctor` says whether the store itself is sound."
        case .storeExists(let files):
            "With the services stopped, move it away first, all of it:\n"
                + files.map { "  mv \($0.shellQuoted) \(Self.movedAway($0).shellQuoted)" }
                .joined(separator: "\n")
        case .inUse: "Stop samovar-ingress and samovar-worker (or `samovar up`) first."
        case .store(let error): error.operatorHint
        }
    }

    /// Where a file of a store is moved so that it still is one: the log keeps the name of its
    /// database.
    private static func movedAway(_ file: String) -> String {
        for suffix in PartialFile.companions where file.hasSuffix(suffix) {
            return file.dropLast(suffix.count) + ".old" + suffix
        }
        return file + ".old"
    }
}

extension BackupError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .isTheStore(let file): "\(file) is part of the store itself"
        case .exists(let file): "\(file) exists"
        case .notADatabase(let file): "\(file) is not an earlier backup"
        case .notAFile(let file): "\(file) is not a regular file"
        case .leftover(let file): "\(file) belongs to another database of that name"
        case .noFolder(let folder): "there is no folder \(folder)"
        case .cannotWrite(let file, let reason): "cannot write \(file): \(reason)"
        case .diskFull(let file): "the disk that would hold \(file) is full"
        case .noBackup(let file): "there is no backup at \(file)"
        case .unsound(let file, let findings):
            "\(file) is not sound:\n" + findings.map { "  \($0)" }.joined(separator: "\n")
        case .storeExists(let files):
            "there is a store already: \(files.joined(separator: ", "))"
        case .inUse(let users): "the store is in use: \(users.joined(separator: ", "))"
        case .store(let error): error.description
        }
    }
}

extension String {
    /// The text as a shell reads it back.
    package var shellQuoted: String {
        let isPlain = utf8.allSatisfy { byte in
            byte < 0x80
                && (Character(Unicode.Scalar(byte)).isLetter
                    || Character(Unicode.Scalar(byte)).isNumber
                    || "/._-+:@%".utf8.contains(byte))
        }
        return isPlain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
