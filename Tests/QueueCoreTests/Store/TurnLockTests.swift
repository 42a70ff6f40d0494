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
    func `a wait with an end is in line, and not behind everybody who comes later`() async throws {
        try await withTemporaryFolder { folder in
            let (busy, patient) = (
                try TurnLock(store: folder + "/queue.db"), try TurnLock(store: folder + "/queue.db")
            )
            let room = Room()
            let isOver = Atomic(false)
            let done = DispatchGroup()
            Thread.detachNewThread(in: done) {
                while !isOver.load(ordering: .relaxed) {
                    busy.take()
                    room.visit()
                    usleep(2_000)  // the time of a write, which is what is tried here
                    busy.pass()
                }
            }
            try waitUntil("the busy one to have the turn") {
                room.visits.load(ordering: .relaxed) > 0
            }
            for _ in 0..<5 {
                let before = room.visits.load(ordering: .relaxed)
                #expect(patient.take(within: .seconds(60)))
                // Two that were under way, and some that came before the place was taken.
                #expect(room.visits.load(ordering: .relaxed) - before < 50)
                patient.pass()
            }
            isOver.store(true, ordering: .relaxed)
            await withCheckedContinuation { continuation in
                done.notify(queue: .global()) { continuation.resume() }
            }
        }
    }

    @Test
    func `who waits in vain gives up its place, and can say who has the turn`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let (holder, other) = (try TurnLock(store: path), try TurnLock(store: path))
            #expect(other.holder == nil)
            holder.take()
            #expect(!other.take(within: .milliseconds(20)))
            try waitUntil("the holder to be in the kernel's list") {
                other.holder?.contains("(pid \(getpid()))") == true
            }
            holder.pass()
            // Would wait without end for the place.
            holder.take()
            holder.pass()
            #expect(other.take(within: .zero))
            other.pass()
        }
    }

    @Test
    func `the holder is read from the kernel's list`() {
        let list = """
            1: POSIX  ADVISORY  WRITE 5 fe:00:163 0 EOF
            2: FLOCK  ADVISORY  WRITE 6 fe:00:164 0 EOF
            3: FLOCK  ADVISORY  WRITE 7 fe:00:163 0 EOF
            3: -> FLOCK  ADVISORY  WRITE 8 fe:00:163 0 EOF
            4: FLOCK  ADVISORY  WRITE 0 fe:00:165 0 EOF
            """
        #expect(TurnLock.holder(in: list, inode: 163) == 7)
        #expect(TurnLock.holder(in: list, inode: 165) == nil)
        #expect(TurnLock.holder(in: "", inode: 163) == nil)
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
