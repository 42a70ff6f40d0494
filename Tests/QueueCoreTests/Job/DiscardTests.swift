import QueueCore
import TestSupport
import Testing

@Suite
struct DiscardTests {
    @Test(arguments: Backend.all)
    func `a discarded job is off the list, with its row, its reason and its attempts`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.addDead()
            let died = queue.clock.now
            queue.clock.advance(by: .seconds(100))
            #expect(try await queue.store.discard([job]) == [.changed])
            let row = try await queue.row(job)
            #expect(row["state"] == .text("cancelled"))
            #expect(row["reason"] == .text("discarded: broken"))
            #expect(row["finished_at"] == .time(queue.clock.now))
            #expect(row["died_at"] == .time(died))
            #expect(try await queue.attempts(job).count == 1)
            #expect(try await queue.store.records(.deadLetters(limit: 9)).isEmpty)
            #expect(try await queue.store.status().jobs == [.cancelled: 1])
            let selection = Selection(state: .cancelled, onlyDiscarded: true)
            #expect(try await queue.store.jobs(matching: selection) == [job])
            #expect(try await queue.store.situation(of: job)?.diedAt == died)
        }
    }

    @Test(arguments: Backend.all)
    func `a discarded job that is taken back is dead as it was, and can be requeued`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.addDead()
            let before = try await queue.row(job)
            queue.clock.advance(by: .seconds(100))
            #expect(try await queue.store.discard([job]) == [.changed])
            #expect(try await queue.store.undiscard([job]) == [.changed])
            #expect(try await queue.row(job) == before)
            #expect(try await queue.requeue([job]) == [job])
            #expect(try await queue.claimOne() == AttemptToken(job: job, attempt: 2))
        }
    }

    @Test(arguments: Backend.all)
    func `only dead jobs are discarded, and only discarded ones are taken back`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead()
            let done = try await queue.add()
            try await queue.end(try await queue.claimOne(), .done)
            let cancelled = try await queue.add()
            try await queue.end(try await queue.claimOne(), .cancelled(reason: "asked"))
            let leased = try await queue.add()
            _ = try await queue.claimOne()
            let ready = try await queue.add()
            let all = [done, cancelled, leased, ready, JobID(rawValue: 99), dead, dead]
            let others: [JobChange] = [
                .refused(.done), .refused(.cancelled), .refused(.leased), .refused(.ready),
                .unknown,
            ]
            let notYet = others + [.refused(.dead), .refused(.dead)]
            #expect(try await queue.store.undiscard(all) == notYet)
            #expect(try await queue.store.discard(all) == others + [.changed, .discarded])
            let requeued = try await queue.store.requeue([dead], pace: Pace(start: queue.clock.now))
            #expect(requeued == [.discarded])
            #expect(try await queue.store.undiscard(all) == others + [.changed, .refused(.dead)])
        }
    }

    @Test(arguments: Backend.all)
    func `a discarded job is kept for a retention from when it was discarded`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.addDead()
            let retention = Retention(bodies: nil, jobs: .seconds(3600), deliveries: nil)
            queue.clock.advance(by: .seconds(3000))
            #expect(try await queue.store.discard([job]) == [.changed])
            queue.clock.advance(by: .seconds(3000))
            #expect(try await queue.store.prune(retention).jobs == 0)
            queue.clock.advance(by: .seconds(1000))
            #expect(try await queue.store.prune(retention).jobs == 1)
        }
    }

    /// What becomes of the replay of a dead job, and which of the two a requeue is offered then.
    static let replays: [(Outcome, offered: [Int64])] = [
        (.dead(reason: "broken"), [2]), (.done, []), (.retry(after: .seconds(60)), []),
        (.cancelled(reason: "asked"), [1]),
    ]

    @Test(arguments: Backend.all, replays)
    func `a dead job that a replay has replaced is not offered to be requeued`(
        backend: Backend,
        replay: (outcome: Outcome, offered: [Int64])
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.addDead()
            try await queue.replay(DeliverySeq(rawValue: 1))
            let waiting = try await queue.store.waitingToBeRouted(atMost: 9).map(\.target)
            #expect(try await queue.store.decide([queue.routed(waiting[0], [.sample()])]) != .stale)
            try await queue.end(try await queue.claimOne(), replay.outcome)
            // Another route of the same delivery, and another delivery, replace nothing.
            try await queue.replay(DeliverySeq(rawValue: 1))
            let again = try await queue.store.waitingToBeRouted(atMost: 9).map(\.target)
            let other = queue.routed(again[0], [.sample(route: "other")])
            #expect(try await queue.store.decide([other]) != .stale)
            _ = try await queue.add()

            var selection = Selection(state: .dead)
            let dead = try await queue.store.jobs(matching: selection)
            #expect(dead.first?.rawValue == 1)
            selection.onlyNewest = true
            let offered = try await queue.store.jobs(matching: selection).map(\.rawValue)
            #expect(offered == replay.offered)
        }
    }

    @Test
    func `the view that requeues shows the newest dead jobs, and takes any that is named`()
        async throws
    {
        try await withQueueAndShell { queue, shell in
            _ = try await queue.addDead()
            try await queue.replay(DeliverySeq(rawValue: 1))
            let waiting = try await queue.store.waitingToBeRouted(atMost: 9).map(\.target)
            #expect(try await queue.store.decide([queue.routed(waiting[0], [.sample()])]) != .stale)
            try await queue.end(try await queue.claimOne(), .dead(reason: "broken again"))
            #expect(try shell.strings("SELECT job FROM requeue") == ["2"])
            try shell.run("INSERT INTO requeue (job) SELECT job FROM requeue")
            #expect(try shell.strings("SELECT state FROM job ORDER BY id") == ["dead", "ready"])
            try shell.run("INSERT INTO requeue (job) VALUES (1)")
            #expect(try shell.strings("SELECT state FROM job ORDER BY id") == ["ready", "ready"])
        }
    }
}
