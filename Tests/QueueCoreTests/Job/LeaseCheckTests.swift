import QueueCore
import TestSupport
import Testing

@Suite
struct LeaseCheckTests {
    @Test(arguments: Backend.all)
    func `an attempt counts while its lease lasts, and after it was renewed`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            #expect(try await queue.store.check(token) == .held(leaseLeft: Limits.lease))
            queue.clock.advance(by: Limits.lease)
            #expect(try await queue.store.check(token) == .held(leaseLeft: .zero))
            queue.clock.advance(by: .microseconds(1))
            #expect(try await queue.store.check(token) == .lost(.ranOut))
            _ = try await queue.store.extend([token], worker: TestQueue.first)
            #expect(try await queue.store.check(token) == .held(leaseLeft: Limits.lease))
        }
    }

    @Test(arguments: Backend.all, [-3600, 3600])
    func `a step of the wall clock changes nothing`(backend: Backend, seconds: Int) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            queue.clock.step(by: .seconds(seconds))
            #expect(try await queue.store.check(token) == .held(leaseLeft: Limits.lease))
        }
    }

    static let endings: [(Outcome, JobState)] = [
        (.done, .done), (.dead(reason: "r"), .dead), (.cancelled(reason: "r"), .cancelled),
        (.retry(after: .zero), .ready), (.snooze(for: .seconds(9)), .ready), (.released, .ready),
    ]

    @Test(arguments: Backend.all, endings)
    func `an attempt that ended does not count`(
        backend: Backend,
        ending: (outcome: Outcome, state: JobState)
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            try await queue.end(token, ending.outcome)
            #expect(try await queue.store.check(token) == .lost(.ended(ending.state)))
        }
    }

    @Test(arguments: Backend.all)
    func `a later attempt is named`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            var latest = token
            for _ in 1...2 {
                try await queue.lose(latest)
                latest = try await queue.claimOne()
            }
            #expect(try await queue.store.check(token) == .lost(.superseded(by: 3)))
            let current = AttemptToken(job: job, attempt: 3)
            #expect(try await queue.store.check(current) == .held(leaseLeft: Limits.lease))
        }
    }

    @Test(arguments: Backend.all)
    func `an attempt of another boot counts while its worker lives`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            let rebooted = try queue.reopen(TestClock(bootID: "boot-2"))
            #expect(try await rebooted.check(token) { _ in true } == .lost(.earlierBoot))
            // A container may have a boot id of its own.
            #expect(try await rebooted.check(token) { _ in false } == .held(leaseLeft: nil))
        }
    }

    @Test(arguments: Backend.all)
    func `a token that nobody was given does not count`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let unknown = [
                AttemptToken(job: JobID(rawValue: 99), attempt: 1),
                AttemptToken(job: job, attempt: 1),
            ]
            for token in unknown {
                #expect(try await queue.store.check(token) == .lost(.noSuchJob))
            }
        }
    }
}
