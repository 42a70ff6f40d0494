import Foundation
import GRDB

/// A copy of a store that was opened, read whole and found sound.
package struct Backup: Equatable, Sendable {
    package var file: String
    package var bytes: Int64
    package var schema: Int
    package var deliveries: Int64
    package var jobs: Int64
    /// Of these nothing tells whether they changed: they are not decided, or not readable.
    package var bodiesWithoutDigest = 0
}

extension Examination {
    /// Copies the store into one file, of one moment, while everything else goes on.
    ///
    /// When this returns, the copy survives a power cut and has been verified; until then the file
    /// does not exist, or is still the old one. Only the store's owner may read it.
    ///
    /// - Parameters:
    ///   - file: an absolute path; its folder exists.
    ///   - replacing: whether a file that exists may be replaced.
    ///   - digest: computes what the bodies are compared by.
    /// - Returns: what the copy holds.
    /// - Throws: what keeps it from being made; nothing is left behind then.
    package func backUp(
        to file: String,
        replacing: Bool,
        digest: @escaping PayloadDigest
    ) throws(BackupError) -> Backup {
        try check(target: file, replacing: replacing)
        let partial = try PartialFile(besides: file)
        do throws(BackupError) {
            try copy(to: partial.path, named: file)
            var backup = try Self.verified(partial.path, named: file, digest: digest)
            backup.file = file
            try partial.takePlace(replacing: replacing)
            return backup
        } catch {
            partial.remove()
            throw error
        }
    }

    /// Opens a copy, reads all of it, and counts.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - name: what people call it.
    ///   - digest: computes what the bodies are compared by; nil where they were compared before.
    /// - Returns: what it holds.
    /// - Throws: `.unsound` with all that is wrong.
    static func verified(
        _ path: String,
        named name: String,
        digest: PayloadDigest?
    ) throws(BackupError) -> Backup {
        do {
            let copy = try Examination(path: path)
            // It was only read; the first error is the one to tell.
            defer { try? copy.close() }
            var diagnoses = copy.file(quick: false) + copy.rows()
            var bodies = BodyComparison()
            if let digest {
                bodies = try copy.compareBodies(quick: false, digest: digest)
                diagnoses.append(bodies.diagnosis)
            }
            let findings = diagnoses.filter(\.isFinding)
            guard findings.isEmpty else {
                throw BackupError.unsound(file: name, findings: findings.map(\.text))
            }
            let counts = try copy.conservation()
            return Backup(
                file: path,
                bytes: try copy.bytes(),
                schema: copy.schema,
                deliveries: counts.deliveries.present,
                jobs: counts.jobs.present,
                bodiesWithoutDigest: bodies.withoutDigest
            )
        } catch {
            throw BackupError(error, file: name)
        }
    }

    /// VACUUM INTO reads in one transaction and writes compactly, with the pages in order, in a
    /// mode that can give pages back. (1 GB: 4.0 s, where SQLite's backup API took 5.9 s, keeps
    /// free pages, and cannot change the mode.) sqlite.org/lang_vacuum.html
    func copy(to path: String, named name: String) throws(BackupError) {
        do {
            try connection.inDatabase { database in
                // What the copy will have; a store that has it already is left alone.
                let mode = try Int.fetchOne(database, sql: "PRAGMA auto_vacuum")
                if mode == 0 { try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
                try database.execute(sql: "VACUUM INTO ?", arguments: [path])
            }
        } catch {
            throw BackupError(error, file: name)
        }
    }

    private func check(target file: String, replacing: Bool) throws(BackupError) {
        let folder = (file as NSString).deletingLastPathComponent
        var isFolder: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        guard exists, isFolder.boolValue else { throw .noFolder(folder: folder) }
        let target = FileIdentity(file)
        // Some of the store's files come and go: their names are taken even while they are away.
        let ownNames = ([""] + PartialFile.companions).map { path + $0 }
        let isSameFolder =
            FileIdentity(folder) == FileIdentity((path as NSString).deletingLastPathComponent)
        for own in ownNames {
            let hasName =
                isSameFolder
                && (own as NSString).lastPathComponent == (file as NSString).lastPathComponent
            if hasName || (target != nil && target == FileIdentity(own)) {
                throw .isTheStore(file: file)
            }
        }
        if let target {
            guard target.isRegular else { throw .notAFile(file: file) }
            guard replacing else { throw .exists(file: file) }
            // A slip of the finger must not cost a configuration, or a secret.
            guard Self.isDatabase(file) else { throw .notADatabase(file: file) }
        }
        for suffix in ["-journal", "-wal"] where FileIdentity(file + suffix) != nil {
            throw .leftover(file: file + suffix)
        }
    }
}

extension Examination {
    /// Whether it is empty or begins as every SQLite file does: sqlite.org/fileformat2.html.
    fileprivate static func isDatabase(_ file: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: file) else { return false }
        // What cannot be read is not replaced either.
        let mark = DatabaseHeader.mark
        guard let start = try? handle.read(upToCount: mark.count) else { return true }
        return start == mark
    }
}

extension BackupError {
    /// What a failure while a file was made or read means.
    init(_ error: any Error, file: String) {
        if let error = error as? BackupError {
            self = error
            return
        }
        switch StoreError(error, path: file) {
        case .full: self = .diskFull(file: file)
        case .missing: self = .noBackup(file: file)
        case let error: self = .store(error)
        }
    }
}
