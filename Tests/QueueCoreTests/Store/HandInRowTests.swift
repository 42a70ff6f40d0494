import Foundation
import QueueCore
import TestSupport
import Testing

/// Rows that somebody's hand was in: they keep nothing else from going on.
@Suite
struct HandInRowTests {
    @Test
    func `an outcome that is refused keeps no other from being written`() async throws {
        try await withStore { store, path in
            let queue = try await TestQueue(store: store, clock: TestClock()) { _ in store }
            _ = try await queue.add([.sample(), .sample(), .sample()])
            let claimed = try await queue.claim()
            try #require(claimed.count == 3)
            let shell = try Shell(path)
            // Its output is there already, so the attempt cannot bring it.
            try shell.run(
                """
                INSERT INTO attempt_output (attempt, bytes, output)
                SELECT id, 0, x'' FROM attempt WHERE job = 2
                """
            )
            let ends = claimed.map { job in
                var end = AttemptEnd(token: job.token, outcome: .done, endedAt: queue.clock.now)
                end.output = AttemptOutput(kept: .init("x".utf8), bytes: 1)
                return end
            }
            let results = try await queue.exchange(ends, 0).ends
            #expect(results == [.written(.done), .written(.done), .written(.done)])
        }
    }

    @Test
    func `a row that cannot be pruned keeps no other from going`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            _ = try await queue.add([.sample(), .sample(), .sample()])
            for job in try await queue.claim() { try await queue.end(job.token, .done) }
            let shell = try Shell(path)
            try shell.run(
                """
                CREATE TRIGGER hands_off BEFORE DELETE ON job WHEN OLD.id = 2
                BEGIN SELECT RAISE(ABORT, 'hands off'); END
                """
            )
            clock.advance(by: .seconds(400 * 86_400))
            let pruned = try await store.prune(Retention())
            #expect(pruned.jobs == 2)
            #expect(pruned.bodies == 3)
            try shell.run("DROP TRIGGER hands_off")
        }
    }

    @Test
    func `a claim parks no more than its share, however many slots it has`() async throws {
        try await withStore { store, path in
            let queue = try await TestQueue(store: store, clock: TestClock()) { _ in store }
            let jobs = (0..<3000).map { number in
                NewJob.sample(route: number % 1000 == 999 ? "open" : "closed")
            }
            _ = try await queue.add(jobs)
            _ = try await store.pause(.route("closed"), reason: nil)
            let request = ClaimRequest(
                slots: 400,
                concurrency: [HandlerName(rawValue: "h"): 1000]
            )
            let first = try await store.exchange([], for: request, worker: TestQueue.first)
            #expect(first.isCutShort)
            let parked = try Shell(path).strings(
                "SELECT count(*) FROM job WHERE parked = 'paused'"
            )
            #expect((parked.first.flatMap { Int($0) } ?? 0) <= Limits.parkedMost + 1)
            var claimed = first.claimed.count
            var isCutShort = first.isCutShort
            while isCutShort {
                let next = try await store.exchange([], for: request, worker: TestQueue.first)
                claimed += next.claimed.count
                isCutShort = next.isCutShort
            }
            #expect(claimed == 3)
        }
    }

    @Test
    func `bringing back more than a claim may says that there is more`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, _ in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            let dead = (0..<Limits.parkedMost + 5).map { _ in NewJob.sample(handler: "a") }
            _ = try await queue.add(dead)
            var ends: [AttemptEnd] = []
            repeat {
                let exchange = try await queue.exchange(ends, 5000, ["a": 5000])
                ends = exchange.claimed.map { job in
                    let outcome = Outcome.snooze(for: .seconds(60))
                    return AttemptEnd(token: job.token, outcome: outcome, endedAt: clock.now)
                }
            } while !ends.isEmpty
            clock.advance(by: .seconds(61))
            let request = ClaimRequest(slots: 1, concurrency: [HandlerName(rawValue: "a"): 1])
            let first = try await store.exchange([], for: request, worker: TestQueue.first)
            #expect(first.isCutShort)
            #expect(first.claimed.count == 1)
        }
    }

    @Test
    func `a store whose file was moved takes nothing more`() async throws {
        try await withTemporaryFolder { folder in
            let clock = TestClock()
            let path = folder + "/queue.db"
            let store = try SQLiteStore(path: path, clocks: clock.clocks)
            _ = try await store.accept { [.sample(id: "a")] }
            for suffix in ["", "-wal", "-shm"] {
                try FileManager.default.moveItem(
                    atPath: path + suffix,
                    toPath: folder + "/old.db" + suffix
                )
            }
            clock.advance(by: .seconds(2))
            await #expect(throws: StoreError.self) {
                try await store.accept { [.sample(id: "b")] }
            }
            // For good: also when something lies there again.
            try Data().write(to: URL(filePath: path))
            await #expect(throws: StoreError.self) {
                try await store.accept { [.sample(id: "c")] }
            }
        }
    }
}
