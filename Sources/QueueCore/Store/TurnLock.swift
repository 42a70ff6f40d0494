import Foundation
import StateFolder
import Synchronization

/// Whose turn it is to write: a blocking `flock` on `<store>.turn`, taken before every write.
///
/// SQLite's own busy handler sleeps up to 100 ms between tries and serves nobody in order. The
/// kernel wakes the next process that waits here at once. The file is never the database itself:
/// closing any descriptor of that would drop SQLite's locks (sqlite.org/howtocorrupt.html, 2.2).
///
/// With the turn alone, a busy process could take it again before the one that waits is awake, for
/// a tenth of a second at a time. So whoever wants the turn first takes the place of the next one
/// in line, a lock on the file's first byte, and gives it up when the turn is his.
///
/// The place is a courtesy with a deadline, never a lock that anybody must have: a process that was
/// stopped while it waited keeps the place for as long as it is stopped.
final class TurnLock: Sendable {
    private let descriptor: Int32
    private let waiting = Atomic(false)
    /// Set while the place stays taken by one who does not use it: nobody waits for it then.
    private let isPlaceStuck = Atomic(false)

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
        waiting.store(true, ordering: .relaxed)
        defer { waiting.store(false, ordering: .relaxed) }
        let isNext = takePlace()
        while flock(descriptor, LOCK_EX) != 0 {
            precondition(errno == EINTR, "flock on an open descriptor fails only when interrupted")
        }
        if isNext { givePlaceUp() }
    }

    /// Whether somebody waits in ``take()`` now.
    var isWaiting: Bool { waiting.load(ordering: .relaxed) }

    /// Who has the turn now, for people; nil when nobody has it, or one that cannot be seen.
    ///
    /// The kernel writes the list of all locks piece by piece, and what stands behind a lock that
    /// goes meanwhile may be left out: so it is looked a few times.
    var holder: String? {
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { return nil }
        for look in 0..<Self.looks {
            if look > 0 { usleep(1_000) }
            guard let locks = FileManager.default.contents(atPath: "/proc/locks") else {
                return nil
            }
            let list = String(decoding: locks, as: UTF8.self)
            if let pid = Self.holder(in: list, inode: UInt64(info.st_ino)) {
                return ProcessName(pid: pid)?.text ?? "process \(pid)"
            }
        }
        return nil
    }

    private static let looks = 5

    /// Reads the text of /proc/locks (proc(5)).
    ///
    /// - Parameters:
    ///   - list: a line for each lock, such as `7: FLOCK  ADVISORY  WRITE 35 fe:00:163 0 EOF`.
    ///   - inode: that of the turn's file.
    /// - Returns: nil when nobody holds the turn, or one that this process cannot see.
    static func holder(in list: String, inode: UInt64) -> Int32? {
        for line in list.split(separator: "\n") {
            let words = line.split(separator: " ")
            // A waiting one has an arrow before its kind, and holds nothing.
            guard words.count == 8, words[1] == "FLOCK", words[3] == "WRITE",
                let pid = Int32(words[4]), pid > 0,
                let file = words[5].split(separator: ":").last, UInt64(file) == inode
            else { continue }
            return pid
        }
        return nil
    }

    /// Takes the place of the next in line.
    ///
    /// Who has it is as a rule already woken to take the turn, and gives it up within microseconds:
    /// so short looks are enough. (A lock that is waited for in the kernel has no deadline.)
    ///
    /// - Returns: false when the place did not come free in time; the turn is taken without it then.
    private func takePlace() -> Bool {
        if takePlaceIfFree() {
            isPlaceStuck.store(false, ordering: .relaxed)
            return true
        }
        guard !isPlaceStuck.load(ordering: .relaxed) else { return false }
        let deadline = ContinuousClock.now + Limits.placePatience
        var pause: UInt32 = 10
        while ContinuousClock.now < deadline {
            usleep(pause)
            if takePlaceIfFree() { return true }
            // The holder of the turn may take milliseconds, and the next one waits for that.
            pause = min(pause * 2, 500)
        }
        isPlaceStuck.store(true, ordering: .relaxed)
        return false
    }

    /// Takes the place of the next in line if nobody has it.
    private func takePlaceIfFree() -> Bool {
        var place = Self.place(Int16(F_WRLCK))
        return unsafe fcntl(descriptor, Self.setLock, &place) == 0
    }

    private func givePlaceUp() {
        var place = Self.place(Int16(F_UNLCK))
        let result = unsafe fcntl(descriptor, Self.setLock, &place)
        precondition(result == 0, "a lock on one's own byte is always given up")
    }

    /// The lock belongs to the open file, not to the process: two stores in one process are two.
    private static func place(_ type: Int16) -> Glibc.flock {
        var place = Glibc.flock()
        place.l_type = type
        place.l_whence = Int16(SEEK_SET)
        place.l_len = 1
        return place
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

    /// F_OFD_SETLK, which the C library shows only to GNU sources: fcntl_locking(2).
    private static let setLock: Int32 = 37

    /// Waits for the turn no longer than so.
    ///
    /// In line as those who wait without limit: a busy process does not keep it from who asks now
    /// and then.
    func take(within patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        var isNext = false
        defer { if isNext { givePlaceUp() } }
        while true {
            isNext = isNext || takePlaceIfFree()
            if takeIfFree() { return true }
            guard ContinuousClock.now < deadline else { return false }
            usleep(1_000)
        }
    }

    /// Takes the turn if nobody has it.
    func takeIfFree() -> Bool {
        flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    func pass() {
        flock(descriptor, LOCK_UN)
    }
}
