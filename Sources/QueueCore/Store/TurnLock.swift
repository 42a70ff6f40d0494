import Foundation

/// Whose turn it is to write: a blocking `flock` on `<store>.turn`, taken before every write.
///
/// SQLite's own busy handler sleeps up to 100 ms between tries and serves nobody in order. The
/// kernel wakes the next process that waits here at once. The file is never the database itself:
/// closing any descriptor of that would drop SQLite's locks (sqlite.org/howtocorrupt.html, 2.2).
final class TurnLock: Sendable {
    private let descriptor: Int32

    init(store path: String) throws(StoreError) {
        descriptor = unsafe open(path + ".turn", O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            throw errno == EROFS || errno == EACCES
                ? .readOnly(path: path + ".turn")
                : .cannotOpen(path: path + ".turn", reason: systemError())
        }
    }

    deinit {
        close(descriptor)
    }

    /// Waits for the turn, without limit: every holder lets go when its short write is over, or
    /// when it dies.
    func take() {
        while flock(descriptor, LOCK_EX) != 0 {
            precondition(errno == EINTR, "flock on an open descriptor fails only when interrupted")
        }
    }

    func pass() {
        flock(descriptor, LOCK_UN)
    }
}
