import GRDB
import QueueCore
import TestSupport
import Testing

@Suite
struct PruneTests {
    private static let day = Duration.seconds(86_400)

    /// A store, its queue, and a stranger's look at it.
    private func withQueue(
        _ body: (TestQueue, Shell) async throws -> Void
    ) async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            try await body(queue, Shell(path))
        }
    }

    /// Steps until nothing is left.
    @discardableResult
    private func prune(
        _ queue: TestQueue,
        _ retention: Retention = Retention()
    ) async throws -> Pruned {
        var sum = Pruned()
        while true {
            let step = try await queue.store.prune(retention)
            sum.bodies += step.bodies
            sum.jobs += step.jobs
            sum.deliveries += step.deliveries
            sum.pages += step.pages
            if step.isEmpty { return sum }
        }
    }

    /// A job that was done at once.
    private func addDone(_ queue: TestQueue) async throws -> JobID {
        let job = try await queue.add()
        try await queue.end(queue.claimOne(), .done)
        return job
    }

    private func counts(_ shell: Shell) throws -> [String] {
        try shell.strings(
            """
            SELECT (SELECT count(body) FROM delivery), (SELECT count(*) FROM job),
                (SELECT count(*) FROM attempt), (SELECT count(*) FROM delivery),
                (SELECT count(*) FROM routing)
            """
        )
    }

    @Test
    func `bodies go after 30 days, jobs after 90, the small rows after a year`() async throws {
        try await withQueue { queue, shell in
            _ = try await addDone(queue)
            let limits = [(30, "0|1|1|1|1"), (90, "0|0|0|1|1"), (365, "0|0|0|0|0")]
            var before = "1|1|1|1|1"
            let start = queue.clock.now
            for (days, after) in limits {
                queue.clock.advance(by: start + Self.day * days - queue.clock.now)
                #expect(try await prune(queue).isEmpty)
                #expect(try counts(shell) == [before])
                queue.clock.advance(by: .seconds(1))
                #expect(try await !prune(queue).isEmpty)
                #expect(try counts(shell) == [after])
                before = after
            }
            #expect(
                try shell.strings("SELECT pruned_deliveries, pruned_jobs FROM store") == ["1|1"]
            )
            // What is there and what went is all that was ever numbered.
            _ = try await addDone(queue)
            #expect(try shell.strings("SELECT seq FROM delivery") == ["2"])
        }
    }

    @Test
    func `what waits to be routed, has a live job or a waiting replay keeps its body`()
        async throws
    {
        try await withQueue { queue, shell in
            _ = try await addDone(queue)
            _ = try await queue.add(handler: "later")
            let replayed = try await addDone(queue)
            #expect(replayed.rawValue == 3)
            queue.clock.advance(by: Self.day * 29)
            try await queue.replay(DeliverySeq(rawValue: 3))
            _ = try await queue.accept()
            queue.clock.advance(by: Self.day * 400)
            #expect(try await prune(queue).bodies == 1)
            #expect(
                try shell.strings("SELECT seq FROM delivery WHERE body IS NOT NULL")
                    == ["2", "3", "4"]
            )
            #expect(try shell.strings("SELECT id FROM job") == ["2"])
        }
    }

    @Test
    func `a job that ended lately keeps the body of an old delivery`() async throws {
        try await withQueue { queue, shell in
            let dead = try await queue.addDead()
            queue.clock.advance(by: Self.day * 29)
            #expect(try await queue.requeue([dead]) == [dead])
            try await queue.end(queue.claimOne(), .done)
            queue.clock.advance(by: Self.day * 29)
            #expect(try await prune(queue).isEmpty)
            queue.clock.advance(by: Self.day * 2)
            #expect(try await prune(queue).bodies == 1)
            #expect(try counts(shell) == ["0|1|2|1|1"])
        }
    }

    @Test
    func `a replay outlives the job that it repeated`() async throws {
        try await withQueue { queue, shell in
            let retention = Retention(bodies: Self.day * 90)
            let first = try await addDone(queue)
            queue.clock.advance(by: Self.day * 60)
            try await queue.replay(DeliverySeq(rawValue: 1))
            let waiting = try await queue.store.waitingToBeRouted(atMost: 9)
            let decision = queue.routed(try #require(waiting.first?.target), [.sample()])
            _ = try await queue.store.decide([decision])
            try await queue.end(queue.claimOne(), .done)
            #expect(
                try shell.strings("SELECT replay_of FROM job WHERE id = 2") == ["\(first)"]
            )
            queue.clock.advance(by: Self.day * 31)
            #expect(try await prune(queue, retention) == Pruned(jobs: 1))
            #expect(try shell.strings("SELECT id, replay_of FROM job") == ["2|"])
            queue.clock.advance(by: Self.day * 365)
            #expect(try await prune(queue, retention).deliveries == 1)
            #expect(try shell.strings("SELECT count(*) FROM replay_request") == ["0"])
        }
    }

    @Test(arguments: [
        (Retention(bodies: nil, jobs: nil, deliveries: nil), "1|1|1|1|1"),
        (Retention(jobs: nil, deliveries: nil), "0|1|1|1|1"),
        (Retention(deliveries: nil), "0|0|0|1|1"),
    ])
    func `nil keeps for ever`(retention: Retention, left: String) async throws {
        try await withQueue { queue, shell in
            _ = try await addDone(queue)
            queue.clock.advance(by: Self.day * 5000)
            try await prune(queue, retention)
            #expect(try counts(shell) == [left])
        }
    }

    @Test
    func `steps are small, and say that there is more`() async throws {
        try await withQueue { queue, shell in
            for _ in 0..<250 { _ = try await addDone(queue) }
            queue.clock.advance(by: Self.day * 400)
            var steps: [Pruned] = []
            repeat {
                steps.append(try await queue.store.prune(Retention()))
                let step = try #require(steps.last)
                #expect([step.bodies, step.jobs, step.deliveries].allSatisfy { $0 <= 100 })
            } while steps.last?.hasMore == true
            #expect(steps.count >= 3)
            #expect(steps.map(\.bodies).reduce(0, +) == 250)
            #expect(steps.map(\.jobs).reduce(0, +) == 250)
            #expect(try await prune(queue).deliveries + steps.map(\.deliveries).reduce(0, +) == 250)
            #expect(try counts(shell) == ["0|0|0|0|0"])
        }
    }

    @Test
    func `a delivery is known again until its row goes`() async throws {
        try await withQueue { queue, _ in
            _ = try await addDone(queue)
            let again = Delivery.sample(id: "delivery-1", body: "other bytes")
            queue.clock.advance(by: Self.day * 100)
            #expect(try await prune(queue) == Pruned(bodies: 1, jobs: 1))
            #expect(
                try await queue.store.accept { [again] } == [.duplicate(DeliverySeq(rawValue: 1))]
            )
            queue.clock.advance(by: Self.day * 300)
            #expect(try await prune(queue).deliveries == 1)
            #expect(
                try await queue.store.accept { [again] } == [.accepted(DeliverySeq(rawValue: 2))]
            )
        }
    }

    @Test
    func `the file becomes smaller when much was pruned`() async throws {
        try await withQueue { queue, shell in
            let body = String(repeating: "x", count: 64 << 10)
            for round in 0..<20 {
                let batch = (0..<20).map { Delivery.sample(id: "\(round)-\($0)", body: body) }
                let seqs = try await queue.store.accept { batch }
                    .compactMap { answer -> DeliverySeq? in
                        if case .accepted(let seq) = answer { seq } else { nil }
                    }
                _ = try await queue.store.decide(seqs.map { queue.ignored(.delivery($0)) })
            }
            let pages = try #require(Int(shell.strings("PRAGMA page_count")[0]))
            queue.clock.advance(by: Self.day * 31)
            let pruned = try await prune(queue)
            #expect(pruned.bodies == 400)
            let left = try #require(Int(shell.strings("PRAGMA page_count")[0]))
            #expect(pruned.pages == pages - left)
            #expect(left < pages / 2)
        }
    }

    @Test
    func `a forecast counts what pruning then removes`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            for _ in 0..<120 { _ = try await addDone(queue) }
            _ = try await queue.add(handler: "later")
            queue.clock.advance(by: Self.day * 380)
            _ = try await addDone(queue)
            queue.clock.advance(by: Self.day * 40)
            for retention in [
                Retention(bodies: nil, jobs: nil, deliveries: nil),
                Retention(jobs: nil, deliveries: nil), Retention(jobs: nil), Retention(),
            ] {
                let forecast = try await store.prunable(retention)
                #expect(try await prune(queue, retention) == forecast)
            }
        }
    }
}
