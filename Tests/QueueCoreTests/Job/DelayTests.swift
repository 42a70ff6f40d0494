import QueueCore
import TestSupport
import Testing

/// Jobs that are not due yet, and how they come to be.
@Suite
struct DelayTests {
    @Test(arguments: Backend.all)
    func `many jobs that come due at once are all claimed, in a few claims`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let count = Limits.parkedMost * 2 + 10
            _ = try await queue.add([NewJob](repeating: .sample(), count: count))
            let ends = try await queue.claim(9999, ["h": 9999]).map { claimed in
                AttemptEnd(
                    token: claimed.token,
                    outcome: .retry(after: .seconds(60)),
                    endedAt: queue.clock.now
                )
            }
            _ = try await queue.exchange(ends, 0)
            queue.clock.advance(by: .seconds(60) - .microseconds(1))
            #expect(try await queue.claim(9999, ["h": 9999]).isEmpty)
            queue.clock.advance(by: .microseconds(1))
            var claimed = 0
            for _ in 1...3 { claimed += try await queue.claim(9999, ["h": 9999]).count }
            #expect(claimed == count)
        }
    }

    @Test
    func `a time that is changed by hand counts, in both directions`() async throws {
        try await withQueueAndShell { queue, shell in
            let job = try await queue.add()
            let soon = queue.clock.now + .seconds(30)
            try shell.run("UPDATE job SET run_at = \(soon.rawValue)")
            #expect(try await queue.claim().isEmpty)
            #expect(try await queue.store.nextDue() == soon)
            // Later still, when it is already known to be delayed.
            try shell.run("UPDATE job SET run_at = \((soon + .seconds(30)).rawValue)")
            queue.clock.advance(by: .seconds(30))
            #expect(try await queue.claim().isEmpty)
            try shell.run("UPDATE job SET run_at = 0")
            #expect(try await queue.claim().map(\.token.job) == [job])
        }
    }

    static let notes = ["'delayed'", "'paused'", "NULL"]

    @Test(arguments: notes, [0, 60])
    func `a note of the claim that a hand put there keeps nothing from running, and starts nothing`(
        note: String,
        delay: Int
    ) async throws {
        try await withQueueAndShell { queue, shell in
            let job = try await queue.add()
            let due = queue.clock.now + .seconds(delay)
            try shell.run("UPDATE job SET run_at = \(due.rawValue), parked = \(note)")
            #expect(try await queue.claim().isEmpty == (delay > 0))
            if delay == 0 { return }
            queue.clock.advance(by: .seconds(delay))
            #expect(try await queue.claim().map(\.token.job) == [job])
        }
    }

    // MARK: Retry now

    @Test(arguments: Backend.all)
    func `a job that waits for its time is due when an operator says so`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .seconds(3600)))
            queue.clock.advance(by: .seconds(1))
            #expect(try await queue.store.retryNow([job]) == [.changed])
            let row = try await queue.row(job)
            #expect(row["run_at"] == .time(queue.clock.now))
            #expect(row["failures"] == .integer(1))
            #expect(try await queue.claim().map(\.token.job) == [job])
        }
    }

    @Test(arguments: Backend.all)
    func `only ready jobs are made due, and none is put behind others`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead()
            let leased = try await queue.add()
            _ = try await queue.claimOne()
            let ready = try await queue.add()
            let due = try await queue.row(ready)["run_at"]
            queue.clock.advance(by: .seconds(1))
            let jobs = [dead, leased, ready, JobID(rawValue: 99)]
            let expected: [JobChange] = [.refused(.dead), .refused(.leased), .changed, .unknown]
            #expect(try await queue.store.retryNow(jobs) == expected)
            #expect(try await queue.row(ready)["run_at"] == due)
        }
    }

    @Test(arguments: Backend.all)
    func `a paused job that is made due stays paused`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.end(try await queue.claimOne(), .retry(after: .seconds(60)))
            _ = try await queue.store.pause(.route("route"), reason: nil)
            #expect(try await queue.store.retryNow([job]) == [.changed])
            #expect(try await queue.claim().isEmpty)
            _ = try await queue.store.resume(.route("route"))
            #expect(try await queue.claim().map(\.token.job) == [job])
        }
    }

    // MARK: Requeue at a pace

    @Test(arguments: Backend.all)
    func `requeued jobs come one after the other, those that were not dead take no turn`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let ready = try await queue.add(repo: "o/other")
            let running = try await queue.claimOne()
            let dead = [try await queue.addDead(), try await queue.addDead()]
            let pace = Pace(start: queue.clock.now + .seconds(10), spacing: .seconds(5))
            let changes = try await queue.store.requeue([dead[1], ready, dead[0]], pace: pace)
            #expect(changes == [.changed, .refused(.leased), .changed])
            try await queue.end(running, .done)
            #expect(try await queue.store.nextDue() == pace.start)
            #expect(try await queue.claim().isEmpty)
            queue.clock.advance(by: .seconds(10))
            #expect(try await queue.claim().map(\.token.job) == [dead[1]])
            queue.clock.advance(by: .seconds(4))
            #expect(try await queue.claim().isEmpty)
            queue.clock.advance(by: .seconds(1))
            #expect(try await queue.claim().map(\.token.job) == [dead[0]])
        }
    }
}
