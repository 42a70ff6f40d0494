import Foundation

/// What tells that a file is another one, or was written to: editors replace files, and so do
/// those who swap a symbolic link.
struct FileStamp: Equatable, Sendable {
    private let device: dev_t
    private let inode: ino_t
    private let size: off_t
    private let changed: [Int]

    /// Looks; nil when there is no file.
    init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
        size = status.st_size
        changed = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
            status.st_ctim.tv_nsec,
        ]
    }
}

/// Notices when a file has changed and rests again: it may be written in pieces.
struct FileWatch: Sendable {
    private let path: String
    /// What was read last.
    private var read: FileStamp?
    /// What was seen last.
    private var seen: FileStamp?

    /// Watches from a moment on at which the file was not read yet.
    init(_ path: String) {
        self.path = path
        read = FileStamp(of: path)
        seen = read
    }

    /// Looks; true when the file is another than the one that was read, and was so before.
    ///
    /// One that is gone is a change as well.
    mutating func hasChanged() -> Bool {
        let now = FileStamp(of: path)
        defer { seen = now }
        return now != read && now == seen
    }

    /// Says that the file is about to be read.
    mutating func willRead() {
        read = FileStamp(of: path)
        seen = read
    }
}
