import Foundation
import Synchronization
import TestSupport
import Testing

@testable import QueueCore

@Suite
struct TurnLockTests {
    /// Counts who is inside, and how often nobody should have been.
    private final class Room: Sendable {
        private let inside = Atomic(0)
        let meetings = Atomic(0)
        let visits = Atomic(0)

        func visit() {
            if inside.add(1, ordering: .sequentiallyConsistent).newValue > 1 {
                meetings.add(1, ordering: .relaxed)
            }
            visits.add(1, ordering: .relaxed)
            inside.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    @Test
    func `only one has the turn at a time, and everybody gets it`() async throws {
        try await withTemporaryFolder { folder in
            let locks = try (0..<4).map { _ in try TurnLock(store: folder + "/queue.db") }
            let room = Room()
            let done = DispatchGroup()
            for lock in locks {
                Thread.detachNewThread(in: done) {
                    for _ in 0..<500 {
                        lock.take()
                        room.visit()
                        lock.pass()
                    }
                }
            }
            await withCheckedContinuation { continuation in
                done.notify(queue: .global()) { continuation.resume() }
            }
            #expect(room.visits.load(ordering: .relaxed) == 2000)
            #expect(room.meetings.load(ordering: .relaxed) == 0)
        }
    }

    @Test
    func `a turn that its holder left by dying goes on`() async throws {
        try await withTemporaryFolder { folder in
            await #expect(processExitsWith: .exitCode(7)) { [folder = folder as String] in
                let lock = try TurnLock(store: folder + "/queue.db")
                lock.take()
                _exit(7)
            }
            let lock = try TurnLock(store: folder + "/queue.db")
            lock.take()
            lock.pass()
        }
    }

    @Test
    func `only who is first to have a store is alone`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let (one, other) = (try TurnLock(store: path), try TurnLock(store: path))
            #expect(one.isAlone())
            // Not before the first one is done.
            #expect(!other.isAlone())
            one.leave()
            #expect(other.isAlone())
            other.join()
            #expect(!one.isAlone())
            one.join()
            let third = try TurnLock(store: path)
            #expect(!third.isAlone())
            other.leave()
            #expect(!third.isAlone())
            one.leave()
            #expect(third.isAlone())
        }
    }

    @Test
    func `the turn is a file of its own, beside the store`() async throws {
        try await withTemporaryFolder { folder in
            _ = try TurnLock(store: folder + "/queue.db")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names == ["queue.db.turn"])
        }
    }
}

extension Thread {
    /// A thread that a group waits for.
    fileprivate static func detachNewThread(
        in group: DispatchGroup,
        _ body: @escaping @Sendable () -> Void
    ) {
        group.enter()
        detachNewThread {
            body()
            group.leave()
        }
    }
}
