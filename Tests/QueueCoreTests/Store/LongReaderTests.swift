import Logging
import TestSupport
import Testing

@testable import QueueCore

/// When a reader is worth a line; Tests/SystemTests has one for real.
@Suite
struct LongReaderTests {
    private let log = LogLines()

    private func seconds(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(rawValue: seconds * 1_000_000)
    }

    /// Waits on a thread of its own: lines come from the one that tests share.
    private func awaitLines(_ count: Int) async throws {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            try waitUntil("\(count) lines") { log.lines.count == count }
        }
    }

    @Test
    func `a reader who stays where he is has a line after five seconds, then one a minute`()
        async throws
    {
        var reader = LongReader(store: "/nowhere", log.logger)
        reader.noteBlocked(afterPages: 100, of: 400, at: seconds(0))
        reader.noteBlocked(afterPages: 100, of: 460, at: seconds(4))
        reader.noteBlocked(afterPages: 100, of: 520, at: seconds(5))
        try await awaitLines(1)
        #expect(log.lines[0].contains("log.pages=520 readers=out of sight seconds=5"))
        reader.noteBlocked(afterPages: 100, of: 580, at: seconds(64))
        reader.noteBlocked(afterPages: 100, of: 640, at: seconds(65))
        try await awaitLines(2)
        #expect(log.lines[1].contains("seconds=65"))
        reader.noteEmptied()
        reader.noteEmptied()
        try await awaitLines(3)
        #expect(log.lines[2].contains("the log is emptied again"))
    }

    @Test
    func `readers one after another are none that stays`() async throws {
        var reader = LongReader(store: "/nowhere", log.logger)
        for second in 0..<100 {
            reader.noteBlocked(afterPages: second, of: 400, at: seconds(Int64(second)))
        }
        reader.noteEmptied()
        reader.noteBlocked(afterPages: 99, of: 400, at: seconds(200))
        reader.noteBlocked(afterPages: 99, of: 400, at: seconds(204))
        reader.noteEmptied()
        // The only line, though others were asked for before.
        reader.noteBlocked(afterPages: 99, of: 400, at: seconds(300))
        reader.noteBlocked(afterPages: 99, of: 400, at: seconds(305))
        try await awaitLines(1)
        #expect(log.lines[0].contains("seconds=5"))
    }
}
