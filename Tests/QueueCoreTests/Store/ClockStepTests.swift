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

    /// It was due for longer than the clock has run: it cannot move along with it.
    @Test(arguments: Backend.all)
    func `a wall clock set back to the first minute of 1970 stops no claim`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            queue.clock.advance(by: .seconds(100))
            let minute = Timestamp(rawValue: 60_000_000)
            queue.clock.step(by: minute - queue.clock.now)
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

    // MARK: Ages

    private static let day = Duration.seconds(86_400)

    @Test(arguments: Backend.all)
    func `a wall clock that goes ahead prunes nothing, and what is old then goes`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            try await queue.end(queue.claimOne(), .done)
            queue.clock.step(by: Self.day * 400)
            #expect(try await queue.store.prune(Retention()).isEmpty)
            // Nor once all processes live by the new time, or by the old one again.
            _ = try await queue.claim()
            #expect(try await queue.store.prune(Retention()).isEmpty)
            queue.clock.advance(by: Self.day * 29)
            #expect(try await queue.store.prune(Retention()).isEmpty)
            queue.clock.advance(by: Self.day * 2)
            #expect(try await queue.store.prune(Retention()).bodies == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `a clock that is wrong since the machine was started prunes nothing`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            try await queue.end(queue.claimOne(), .done)
            let clock = TestClock(bootID: "boot-2", now: queue.clock.now + Self.day * 400)
            let store = try queue.reopen(clock)
            #expect(try await store.prune(Retention()).isEmpty)
            clock.advance(by: Self.day * 31)
            #expect(try await store.prune(Retention()).bodies == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `a suspended machine's time passes`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            try await queue.end(queue.claimOne(), .done)
            queue.clock.suspend(for: Self.day * 31)
            #expect(try await queue.store.prune(Retention()).bodies == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `a wall clock that goes ahead buries no job that snoozes`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(queue.claimOne(), .snooze(for: .seconds(60)))
            queue.clock.step(by: Self.day * 8)
            try await queue.end(queue.claimOne(), .snooze(for: .seconds(60)))
            #expect(try await queue.state(job) == .ready)
            queue.clock.advance(by: Self.day * 8)
            try await queue.end(queue.claimOne(), .snooze(for: .seconds(60)))
            #expect(try await queue.state(job) == .dead)
        }
    }

    @Test(arguments: Backend.all)
    func `bytes that come again after the wall clock went ahead are a repeat`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            func deliver(_ id: String) async throws -> [JobID]? {
                let delivery = Delivery.sample(id: id, receivedAt: queue.clock.now)
                guard case .accepted(let seq) = try await queue.store.accept({ [delivery] })[0]
                else { return nil }
                let decision = queue.routed(.delivery(seq), [.sample()], payloadSHA256: "same")
                return try await queue.store.decide([decision]).jobs
            }
            let first = try await deliver("first")
            #expect(first?.count == 1)
            queue.clock.step(by: Self.day * 400)
            let again = try await deliver("again")
            #expect(again == [])
        }
    }
}
