import TestSupport
import Testing

@testable import QueueCore

@Suite
struct CancelTests {
    @Test(arguments: Backend.all)
    func `a job that waits is cancelled at once, and frees its lane`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            #expect(try await queue.store.cancel([jobs[0]]) == [.changed])
            let row = try await queue.row(jobs[0])
            #expect(row["state"] == .text("cancelled"))
            #expect(row["reason"] == .text("cancelled by an operator"))
            #expect(row["finished_at"] == .time(queue.clock.now))
            #expect(try await queue.attempts(jobs[0]).isEmpty)
            #expect(try await queue.claim().map(\.token.job) == [jobs[1]])
        }
    }

    @Test(arguments: Backend.all)
    func `a job that is blocked is cancelled at once, and the others keep their order`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([NewJob](repeating: .sample(lane: "l"), count: 4))
            let running = try await queue.claimOne()
            #expect(try await queue.store.cancel([jobs[1], jobs[3]]) == [.changed, .changed])
            #expect(try await queue.row(jobs[1])["blocked"] == .integer(0))
            #expect(try await queue.claim().isEmpty)
            try await queue.end(running, .done)
            #expect(try await queue.claim().map(\.token.job) == [jobs[2]])
        }
    }

    @Test(arguments: Backend.all)
    func `a job that waits for its time is cancelled and never due`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .seconds(60)))
            #expect(try await queue.store.cancel([job]) == [.changed])
            #expect(try await queue.store.nextDue() == nil)
            #expect(try await queue.row(job)["parked"] == .null)
            queue.clock.advance(by: .seconds(60))
            #expect(try await queue.claim().isEmpty)
        }
    }

    /// What a handler says after it was asked to stop, and what becomes of its job.
    static let endings: [(Outcome, JobState)] = [
        (.cancelled(reason: "asked"), .cancelled), (.retry(after: .zero), .cancelled),
        (.snooze(for: .zero), .cancelled), (.released, .cancelled), (.done, .done),
        (.dead(reason: "broken"), .dead),
    ]

    @Test(arguments: Backend.all, endings)
    func `a job that runs is cancelled when its handler has stopped`(
        backend: Backend,
        ending: (outcome: Outcome, state: JobState)
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            #expect(try await queue.store.cancelRequests(of: TestQueue.first).isEmpty)
            #expect(try await queue.store.cancel([job, job]) == [.willStop, .willStop])
            #expect(try await queue.state(job) == .leased)
            #expect(try await queue.store.cancelRequests(of: TestQueue.first) == [token])
            #expect(try await queue.store.cancelRequests(of: TestQueue.second).isEmpty)
            let kept = try await queue.store.extend([token], worker: TestQueue.first)
            #expect(kept == Extension(lost: [], cancelRequested: [token]))
            #expect(try await queue.end(token, ending.outcome) == .written(ending.state))
            #expect(try await queue.store.cancelRequests(of: TestQueue.first).isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `a job that is to be cancelled and loses its worker does not run again`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            _ = try await queue.store.cancel([job])
            #expect(try await queue.lose(token) == .written(.cancelled))
            #expect(try await queue.attempts(job)[0]["outcome"] == .text("lost"))
        }
    }

    @Test(arguments: Backend.all)
    func `a job that died while it was to be cancelled can be requeued, and then runs`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            _ = try await queue.store.cancel([job])
            try await queue.end(token, .dead(reason: "broken"))
            #expect(try await queue.requeue([job]) == [job])
            let again = try await queue.claimOne()
            #expect(try await queue.store.cancelRequests(of: TestQueue.first).isEmpty)
            #expect(try await queue.end(again, .retry(after: .zero)) == .written(.ready))
        }
    }

    @Test(arguments: Backend.all)
    func `jobs that ended, and those that nobody knows, are refused one by one`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead()
            let done = try await queue.add()
            try await queue.end(try await queue.claimOne(), .done)
            let ready = try await queue.add()
            let jobs = [dead, done, ready, ready, JobID(rawValue: 99)]
            let expected: [JobChange] = [
                .refused(.dead), .refused(.done), .changed, .refused(.cancelled), .unknown,
            ]
            #expect(try await queue.store.cancel(jobs) == expected)
            #expect(try await queue.store.cancel([]) == [])
        }
    }
}
