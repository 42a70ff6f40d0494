import Glibc
import StateFolder

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
        descriptor = StateFile.open(path + ".turn", O_RDWR)
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

    // MARK: Who else has the store

    /// Whether nobody has joined, in any process.
    ///
    /// Called with the turn, and followed by ``join()`` or ``leave()`` before that is passed.
    func isAlone() -> Bool {
        setMember(Int16(F_WRLCK))
    }

    /// Is one of those who have the store from now on.
    func join() {
        let joined = setMember(Int16(F_RDLCK))
        precondition(joined, "the lock is asked for alone only by who has the turn")
    }

    func leave() {
        _ = setMember(Int16(F_UNLCK))
    }

    /// Locks the second byte, or leaves it as it is.
    private func setMember(_ type: Int16) -> Bool {
        var member = Glibc.flock()
        member.l_type = type
        member.l_whence = Int16(SEEK_SET)
        member.l_start = 1
        member.l_len = 1
        return unsafe fcntl(descriptor, Self.setLock, &member) == 0
    }

    /// F_OFD_SETLK and F_OFD_SETLKW, which the C library shows only to GNU sources: fcntl_locking(2).
    private static let setLock: Int32 = 37
    private static let setLockAndWait: Int32 = 38

    /// Waits for the turn no longer than so, for who can do without it.
    func take(within patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        while !takeIfFree() {
            guard ContinuousClock.now < deadline else { return false }
            usleep(5_000)
        }
        return true
    }

    /// Takes the turn if nobody has it.
    func takeIfFree() -> Bool {
        flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    func pass() {
        flock(descriptor, LOCK_UN)
    }
}
