import QueueCore
import TestSupport
import Testing

@Suite
struct ClockStepTests {
    @Test(arguments: Backend.all)
    func `a step back of the wall clock makes no retry wait longer`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            _ = try await queue.end(token, .retry(after: .seconds(10)))
            queue.clock.step(by: .seconds(-3600))
            #expect(try await queue.claim(1).isEmpty)
            queue.clock.advance(by: .seconds(9))
            #expect(try await queue.claim(1).isEmpty)
            queue.clock.advance(by: .seconds(2))
            #expect(try await queue.claim(1).map(\.token.job) == [job])
        }
    }

    @Test(arguments: Backend.all)
    func `a job that was due stays due when the wall clock steps back`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            queue.clock.step(by: .seconds(-3600))
            #expect(try await queue.claim(1).map(\.token.job) == [job])
        }
    }

    @Test(arguments: Backend.all)
    func `two processes that see the same step pull jobs in once`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            _ = try await queue.end(token, .retry(after: .seconds(5000)))
            queue.clock.step(by: .seconds(-3600))
            let other = try queue.reopen(queue.clock)
            let request = ClaimRequest(slots: 1, concurrency: [:])
            for store in [queue.store, other] {
                _ = try await store.exchange([], for: request, worker: TestQueue.first)
            }
            #expect(
                try await queue.store.nextDue() == queue.clock.now + .seconds(5000)
            )
        }
    }
}
