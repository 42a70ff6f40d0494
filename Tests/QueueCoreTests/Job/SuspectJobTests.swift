import QueueCore
import TestSupport
import Testing

/// Jobs that ran when their worker died: each runs alone from then on, and what the worker dies of
/// then is known.
@Suite
struct SuspectJobTests {
    /// Jobs that were running when the first worker died, in the order in which they came.
    private func suspects(
        _ count: Int,
        _ queue: TestQueue
    ) async throws -> [JobID] {
        let jobs = try await queue.add([NewJob](repeating: .sample(), count: count))
        for claimed in try await queue.claim() { try await queue.lose(claimed.token) }
        return jobs
    }

    @Test(arguments: Backend.all)
    func `of seven jobs that lost their worker only the one that killed it is quarantined`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await suspects(7, queue)
            let culprit = jobs[3]
            var rounds = 0
            while try await queue.store.status().jobs[.ready] != nil {
                rounds += 1
                try #require(rounds < 20)
                let claimed = try await queue.claim()
                // Alone, though there is room for a hundred.
                try #require(claimed.count == 1)
                #expect(try await queue.claim().isEmpty)
                let token = claimed[0].token
                if token.job == culprit {
                    try await queue.lose(token)
                } else {
                    #expect(try await queue.end(token, .done) == .written(.done))
                }
            }
            for job in jobs {
                let row = try await queue.row(job)
                #expect(row["state"] == .text(job == culprit ? "dead" : "done"))
                #expect(row["losses"] == .integer(job == culprit ? 3 : 1))
            }
            let reason = try await queue.row(culprit)["reason"]
            #expect(reason == .text("quarantined: 3 workers died while it ran"))
        }
    }

    @Test(arguments: Backend.all)
    func `each worker may run one suspect, and nothing beside it`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await suspects(3, queue)
            let first = try await queue.claim()
            let second = try await queue.claim(by: TestQueue.second)
            #expect(first.count == 1)
            #expect(second.count == 1)
            _ = try await queue.add([.sample(), .sample()])
            #expect(try await queue.claim().isEmpty)
            #expect(try await queue.claim(by: TestQueue.second).isEmpty)
            #expect(try await queue.end(first[0].token, .done) == .written(.done))
            // Others have their time before the next one.
            #expect(try await queue.claim().count == 2)
        }
    }

    @Test(arguments: Backend.all)
    func `a suspect waits a minute for an idle worker, then the next one lets its jobs end`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let suspect = try await suspects(1, queue)[0]
            _ = try await queue.add([.sample(), .sample()])
            var running = try await queue.claim(2).map(\.token)
            #expect(running.count == 2)
            #expect(!running.map(\.job).contains(suspect))
            // A busy worker goes on.
            queue.clock.advance(by: Limits.suspectPatience - .seconds(1))
            let more = try await queue.add()
            #expect(try await queue.claim().map(\.token.job) == [more])
            running.append(AttemptToken(job: more, attempt: 1))
            queue.clock.advance(by: .seconds(1))
            _ = try await queue.add()
            for token in running {
                #expect(try await queue.claim().isEmpty)
                #expect(try await queue.end(token, .done) == .written(.done))
            }
            #expect(try await queue.claim().map(\.token.job) == [suspect])
        }
    }

    @Test(arguments: Backend.all)
    func `many suspects keep ordinary jobs waiting for no more than one of them`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let suspects = Set(try await suspects(5, queue))
            queue.clock.advance(by: .seconds(3600))
            _ = try await queue.add([NewJob](repeating: .sample(), count: 40))
            var order: [Bool] = []
            for _ in 1...200 {
                let claimed = try await queue.claim(4)
                for job in claimed { order.append(suspects.contains(job.token.job)) }
                queue.clock.advance(by: .seconds(20))
                for job in claimed { try await queue.end(job.token, .done) }
            }
            #expect(order.count == 45)
            #expect(order.filter { $0 }.count == 5)
            // Between two of them, others ran.
            #expect(zip(order, order.dropFirst()).allSatisfy { !($0 && $1) })
        }
    }

    @Test(arguments: Backend.all)
    func `a suspect that is paused, not due or of another handler keeps nobody`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let suspect = try await suspects(1, queue)[0]
            queue.clock.advance(by: .seconds(3600))
            _ = try await queue.store.pause(.route("route"), reason: nil)
            let other = try await queue.add([.sample(route: "other")])
            #expect(try await queue.claim().map(\.token.job) == other)
            _ = try await queue.store.resume(.route("route"))
            try await queue.end(AttemptToken(job: other[0], attempt: 1), .done)
            #expect(try await queue.claim(9, ["another": 9]).isEmpty)
            let token = try await queue.claimOne()
            #expect(token.job == suspect)
            try await queue.end(token, .retry(after: .seconds(60)))
            let more = try await queue.add()
            #expect(try await queue.claim().map(\.token.job) == [more])
        }
    }

    @Test(arguments: Backend.all)
    func `what a worker took over to end it does not keep it from running a suspect`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let suspect = try await suspects(1, queue)[0]
            let stuck = try await queue.add(handler: "other")
            let held = try await queue.claim(1, ["other": 1], by: TestQueue.second)
            #expect(held.map(\.token.job) == [stuck])
            // What is left of it does not die.
            _ = try await queue.store.seize(
                [queue.orphan(held[0].token)],
                by: TestQueue.first,
                lease: Limits.lease
            )
            #expect(try await queue.claim().map(\.token.job) == [suspect])
        }
    }

    @Test(arguments: Backend.all)
    func `a job that was requeued is no suspect`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await suspects(1, queue)[0]
            for _ in 1...2 { try await queue.lose(try await queue.claimOne()) }
            #expect(try await queue.requeue([job]) == [job])
            _ = try await queue.add()
            #expect(try await queue.claim().count == 2)
        }
    }
}
