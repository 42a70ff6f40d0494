import Testing

@testable import QueueCore

@Suite
struct LogLocksTests {
    /// As the kernel prints it, with locks of other files and kinds between.
    private static let text = """
        1: POSIX  ADVISORY  READ 22858 fe:00:16318817 123 123
        2: POSIX  ADVISORY  READ 22858 fe:00:16318817 128 128
        3: POSIX  ADVISORY  READ 22858 fe:00:16318785 1073741826 1073742335
        4: POSIX  ADVISORY  WRITE 31 fe:00:16318817 120 120
        4: -> POSIX  ADVISORY  WRITE 32 fe:00:16318817 120 120
        5: POSIX  ADVISORY  READ 33 fe:00:16318817 125 125
        6: POSIX  ADVISORY  READ 34 fe:00:7 124 124
        7: FLOCK  ADVISORY  WRITE 35 fe:00:16318817 0 EOF
        8: POSIX  ADVISORY  WRITE 36 fe:00:16318817 0 EOF
        9: OFDLCK ADVISORY  READ -1 fe:00:16318817 123 123
        pos:	0
        lock:	1: POSIX  ADVISORY  READ 37 fe:00:16318817 124 124
        """

    @Test
    func `readers and writers are told by the bytes that they lock`() {
        let locks = LogLocks(Self.text, inode: 16_318_817)
        #expect(locks.readers == [22_858, 33, 37])
        #expect(locks.writers == [31])
        #expect(LogLocks("", inode: 1) == LogLocks())
        #expect(LogLocks("garbage\n1: POSIX", inode: 1) == LogLocks())
    }

    @Test
    func `only who is there at most looks holds on`() {
        let looks = [
            LogLocks(readers: [1, 2], writers: [3]), LogLocks(readers: [2, 4]),
            LogLocks(readers: [1, 2], writers: [3]), LogLocks(readers: [1]), LogLocks(),
        ]
        #expect(LogLocks.lasting(in: looks) == LogLocks(readers: [1, 2]))
        #expect(LogLocks.lasting(in: []) == LogLocks())
    }
}
