import CSQLite
import Foundation

/// A database file in the making, beside the one it will be: it takes that name only when it is
/// whole and on disk.
struct PartialFile {
    /// What SQLite and Samovar put beside a database.
    static let companions = ["-wal", "-shm", "-journal", ".turn"]

    let path: String
    private let target: String

    /// Makes an empty file that its owner alone may read.
    init(besides target: String) throws(BackupError) {
        self.target = target
        // A pid alone is not enough: in a container it is the same each time, so that what a killed
        // process left would be in the way for ever.
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        path = "\(target).partial-\(getpid())-\(random)"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == ENOSPC
                ? .diskFull(file: target)
                : .cannotWrite(file: path, reason: systemError())
        }
        close(descriptor)
    }

    /// Puts it in its place.
    ///
    /// SQLite has closed the file. When this returns, it survives a power cut.
    func takePlace(replacing: Bool) throws(BackupError) {
        try sync(path, O_RDONLY)
        if replacing {
            guard unsafe rename(path, target) == 0 else { throw failure() }
        } else {
            try takeFreePlace()
        }
        try sync((target as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY)
    }

    /// Fails when somebody was quicker, where rename(2) would replace their file.
    private func takeFreePlace() throws(BackupError) {
        if unsafe csqlite_rename_to_free(path, target) == 0 { return }
        switch errno {
        case EEXIST: throw .exists(file: target)
        case EINVAL, ENOSYS, EPERM: try linkFreePlace()
        default: throw failure()
        }
    }

    /// For file systems, and sandboxes, that cannot rename without replacing.
    ///
    /// Killed in between, it leaves the file with both names.
    private func linkFreePlace() throws(BackupError) {
        if unsafe link(path, target) == 0 {
            unsafe unlink(path)
            return
        }
        switch errno {
        case EEXIST: throw .exists(file: target)
        case EPERM, ENOTSUP, ENOSYS:
            // A file system without links.
            guard unsafe access(target, F_OK) != 0 else { throw .exists(file: target) }
            guard unsafe rename(path, target) == 0 else { throw failure() }
        default: throw failure()
        }
    }

    /// Removes what there is of it.
    func remove() {
        for suffix in [""] + Self.companions { unsafe unlink(path + suffix) }
    }

    private func sync(_ path: String, _ flags: Int32) throws(BackupError) {
        let descriptor = unsafe open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        // A file system that cannot sync folders keeps its names by other means.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure() }
    }

    private func failure() -> BackupError {
        errno == ENOSPC || errno == EDQUOT
            ? .diskFull(file: target)
            : .cannotWrite(file: target, reason: systemError())
    }
}

/// Which file a path leads to, by number rather than by name.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    let isRegular: Bool

    /// Nil when there is none.
    init?(_ path: String) {
        var info = stat()
        guard unsafe stat(path, &info) == 0 else { return nil }
        self.init(info)
    }

    /// Of an open file; nil when even that cannot be told.
    init?(descriptor: Int32) {
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { return nil }
        self.init(info)
    }

    private init(_ info: stat) {
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
        isRegular = info.st_mode & S_IFMT == S_IFREG
    }
}
