/// The store's file and its log, as they were opened.
///
/// SQLite goes on writing to files that were moved or deleted, and nobody would find what was
/// acknowledged there.
struct StoreFiles: Sendable {
    private let path: String
    private let logPath: String
    private let file: FileIdentity?
    private let log: FileIdentity?

    /// Called when SQLite has both open.
    init(_ path: String) {
        self.path = path
        logPath = path + "-wal"
        file = FileIdentity(path)
        log = FileIdentity(logPath)
    }

    /// Which of them is no longer what its path leads to; nil when both are.
    ///
    /// Two system calls of about a microsecond each.
    var lost: String? {
        if FileIdentity(path) != file { return path }
        return FileIdentity(logPath) != log ? logPath : nil
    }
}
