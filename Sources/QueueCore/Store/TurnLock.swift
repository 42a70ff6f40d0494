import Glibc

/// Whose turn it is to write: a blocking `flock` on `<store>.turn`, taken before every write.
///
/// SQLite's own busy handler sleeps up to 100 ms between tries and serves nobody in order. The
/// kernel wakes the next process that waits here at once. The file is never the database itself:
/// closing any descriptor of that would drop SQLite's locks (sqlite.org/howtocorrupt.html, 2.2).
///
/// With the turn alone, a busy process could take it again before the one that waits is awake, for
/// a tenth of a second at a time. So whoever wants the turn first takes the place of the next one
/// in line, a lock on the file's first byte, and gives it up when the turn is his.
final class TurnLock: Sendable {
    private let descriptor: Int32

    init(store path: String) throws(StoreError) {
        descriptor = unsafe open(path + ".turn", O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            throw errno == EROFS || errno == EACCES
                ? .readOnly(path: path + ".turn")
                : .cannotOpen(path: path + ".turn", reason: systemError())
        }
        giveToOwner(of: path)
    }

    /// What root makes beside a store of the services' user must not lock that user out.
    private func giveToOwner(of path: String) {
        var status = stat()
        guard geteuid() == 0, unsafe stat(path, &status) == 0 else { return }
        // As good as it gets: who cannot use it is told so when opening it.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
    }

    deinit {
        close(descriptor)
    }

    /// Waits for the turn, without limit: every holder lets go when its short write is over, or
    /// when it dies.
    func take() {
        setPlace(Int16(F_WRLCK))
        while flock(descriptor, LOCK_EX) != 0 {
            precondition(errno == EINTR, "flock on an open descriptor fails only when interrupted")
        }
        setPlace(Int16(F_UNLCK))
    }

    /// Takes the place of the next in line, or gives it up.
    ///
    /// The lock belongs to the open file, not to the process: two stores in one process are two.
    private func setPlace(_ type: Int16) {
        var place = Glibc.flock()
        place.l_type = type
        place.l_whence = Int16(SEEK_SET)
        place.l_len = 1
        while unsafe fcntl(descriptor, Self.setLockAndWait, &place) != 0 {
            precondition(errno == EINTR, "a lock on one's own byte fails only when interrupted")
        }
    }

    /// F_OFD_SETLKW, which the C library shows only to GNU sources: fcntl_locking(2).
    private static let setLockAndWait: Int32 = 38

    /// Takes the turn if nobody has it.
    func takeIfFree() -> Bool {
        flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    func pass() {
        flock(descriptor, LOCK_UN)
    }
}
