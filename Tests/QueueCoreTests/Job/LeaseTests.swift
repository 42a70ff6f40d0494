import QueueCore
import TestSupport
import Testing

@Suite
struct LeaseTests {
    @Test(arguments: Backend.all)
    func `a lease that is extended is held for another term`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            for _ in 0..<5 {
                queue.clock.advance(by: Limits.lease)
                let kept = try await queue.store.extend([token], worker: TestQueue.first)
                #expect(kept.lost.isEmpty)
                #expect(kept.cancelRequested.isEmpty)
                #expect(!kept.isRetired)
                #expect(try await queue.store.leases().map(\.until) == [queue.clock.leaseEnd])
            }
        }
    }

    @Test(arguments: Backend.all)
    func `an extension is the worker's heartbeat`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            queue.clock.advance(by: .seconds(7))
            _ = try await queue.store.extend([], worker: TestQueue.first)
            let workers = try await queue.store.records(.workers)
            #expect(workers.map { $0["id"] } == [.text("w1"), .text("w2")])
            #expect(workers.first?["heartbeat_at"] == .time(queue.clock.now))
            #expect(workers.last?["heartbeat_at"] != .time(queue.clock.now))
        }
    }

    @Test(arguments: Backend.all)
    func `a lease that ran out is handed to the next worker`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            #expect(try await queue.lose(token, .leaseRanOut) == .written(.ready))
            let next = try await queue.claimOne(by: TestQueue.second)
            #expect(next == AttemptToken(job: job, attempt: 2))
            let lost = try await queue.attempts(job)[0]
            #expect(lost["outcome"] == .text("lost"))
            #expect(lost["error"] == .text("its lease ran out (worker w1)"))
        }
    }

    // MARK: Taking over

    @Test(arguments: Backend.all, outcomes)
    func `from the moment that a lease is taken over, its worker's outcome is refused`(
        backend: Backend,
        outcome: Outcome
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add(lane: "l")
            let next = try await queue.add(lane: "l")
            let token = try await queue.claimOne()
            let orphan = try await queue.orphan(token, .leaseRanOut)
            let seized = try await queue.store.seize(
                [orphan],
                by: TestQueue.second,
                lease: Limits.lease
            )
            #expect(seized == [token])
            // What is left of it is killed now: its worker sees its handler die.
            #expect(try await queue.end(token, outcome) == .leaseLost)
            let kept = try await queue.store.extend([token], worker: TestQueue.first)
            #expect(kept.lost == [token])
            #expect(try await queue.store.check(token) == .lost(.takenOver))
            // Neither it nor the next of its lane runs before nothing is left.
            #expect(try await queue.claim(by: TestQueue.second).isEmpty)
            #expect(
                try await queue.store.lose([token], by: TestQueue.second) == [.written(.ready)]
            )
            let row = try await queue.row(job)
            #expect(row["failures"] == .integer(0))
            #expect(row["losses"] == .integer(0))
            #expect(try await queue.claimOne(by: TestQueue.second).job == job)
            #expect(try await queue.state(next) == .ready)
        }
    }

    @Test(arguments: Backend.all)
    func `who takes a lease over renews it, and loses it in turn when he dies`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let third = WorkerID(rawValue: "w3")
            try await queue.register(third)
            let job = try await queue.add()
            let token = try await queue.claimOne()
            let first = try await queue.orphan(token, .workerDied)
            let (by, lease) = (TestQueue.second, Limits.lease)
            #expect(try await queue.store.seize([first], by: by, lease: lease) == [token])
            #expect(try await queue.row(job)["losses"] == .integer(1))
            let kept = try await queue.store.extend([token], worker: TestQueue.second)
            #expect(kept.lost.isEmpty)
            // Seen twice, taken once.
            #expect(try await queue.store.seize([first], by: third, lease: lease).isEmpty)
            #expect(try await queue.store.lose([token], by: third) == [.leaseLost])

            #expect(try await queue.lose(token, .workerDied, by: third) == .written(.ready))
            // That the second died while it rescued is no fault of the job's.
            #expect(try await queue.row(job)["losses"] == .integer(1))
            let lost = try await queue.attempts(job)[0]
            #expect(lost["error"] == .text("its worker died (worker w1)"))
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that was retired is told so when it renews`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.store.retireDead(
                isDead: { $0 == TestQueue.first },
                wasRouting: { _ in [] }
            )
            #expect(try await queue.store.extend([], worker: TestQueue.first).isRetired)
            #expect(try await !queue.store.extend([], worker: TestQueue.second).isRetired)
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that lost its lease is told so, and its outcome is refused`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let stale = try await queue.claimOne()
            try await queue.lose(stale)
            let current = try await queue.claimOne(by: TestQueue.second)

            let kept = try await queue.store.extend([stale], worker: TestQueue.first)
            #expect(kept.lost == [stale])
            let before = try await (queue.row(job), queue.attempts(job))
            for outcome in Self.outcomes {
                #expect(try await queue.end(stale, outcome) == .leaseLost)
            }
            let after = try await (queue.row(job), queue.attempts(job))
            #expect(after == before)
            #expect(try await queue.store.output(of: job, attempt: nil) == nil)
            #expect(
                try await queue.end(current, .done, by: TestQueue.second) == .written(.done)
            )
        }
    }

    static let outcomes: [Outcome] = [
        .done, .retry(after: .zero), .snooze(for: .zero), .dead(reason: "r"), .released,
        .cancelled(reason: "r"),
    ]

    @Test(arguments: Backend.all, outcomes)
    func `an outcome counts once`(backend: Backend, outcome: Outcome) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            #expect(try await queue.end(token, outcome) != .leaseLost)
            let before = try await (queue.row(job), queue.attempts(job))
            #expect(try await queue.end(token, .done) == .leaseLost)
            #expect(try await queue.end(token, outcome) == .leaseLost)
            let after = try await (queue.row(job), queue.attempts(job))
            #expect(after == before)
        }
    }

    @Test(arguments: Backend.all)
    func `a stale outcome in a batch spoils none of the others`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add([.sample(), .sample(), .sample()])
            let tokens = try await queue.claim().map(\.token)
            try await queue.end(tokens[1], .released)
            let ends = tokens.map {
                AttemptEnd(token: $0, outcome: .done, endedAt: queue.clock.now)
            }
            let results = try await queue.exchange(ends, 0).ends
            #expect(results == [.written(.done), .leaseLost, .written(.done)])
        }
    }

    @Test(arguments: Backend.all)
    func `another worker cannot extend a lease`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            let end = queue.clock.leaseEnd
            queue.clock.advance(by: .seconds(1))
            let kept = try await queue.store.extend([token], worker: TestQueue.second)
            #expect(kept.lost == [token])
            #expect(try await queue.store.leases().map(\.until) == [end])
        }
    }

    @Test(arguments: Backend.all, [-3600, 3600, -86_400 * 365, 86_400 * 365])
    func `a step of the wall clock expires no lease`(
        backend: Backend,
        seconds: Int
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            let end = queue.clock.leaseEnd
            queue.clock.step(by: .seconds(seconds))
            #expect(try await queue.store.leases().map(\.until) == [end])
            #expect(try await queue.store.check(token) == .held(leaseLeft: Limits.lease))
            #expect(try await queue.end(token, .done) == .written(.done))
        }
    }

    @Test(arguments: Backend.all)
    func `a lease that was renewed in between is not taken over`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            queue.clock.advance(by: Limits.lease * 2)
            let orphan = try await queue.orphan(token, .leaseRanOut)
            _ = try await queue.store.extend([token], worker: TestQueue.first)
            let seized = try await queue.store.seize(
                [orphan],
                by: TestQueue.second,
                lease: Limits.lease
            )
            #expect(seized.isEmpty)
            #expect(try await queue.state(job) == .leased)
            #expect(try await queue.end(token, .done) == .written(.done))
        }
    }

    @Test(arguments: Backend.all)
    func `an attempt that ended in between is not lost`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            let orphan = try await queue.orphan(token)
            try await queue.end(token, .retry(after: .zero))
            let again = try await queue.claimOne(by: TestQueue.second)
            let seized = try await queue.store.seize(
                [orphan],
                by: TestQueue.second,
                lease: Limits.lease
            )
            #expect(seized.isEmpty)
            #expect(try await queue.row(job)["losses"] == .integer(0))
            #expect(
                try await queue.end(again, .done, by: TestQueue.second) == .written(.done)
            )
        }
    }

    @Test(arguments: Backend.all)
    func `an attempt of an earlier boot is lost without blame`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            #expect(try await queue.lose(token, .machineRestarted) == .written(.ready))
            let row = try await queue.row(job)
            #expect(row["losses"] == .integer(0))
            let lost = try await queue.attempts(job)[0]
            #expect(lost["error"] == .text("the machine was started again (worker w1)"))
        }
    }

    @Test(arguments: Backend.all, [OrphanedAttempt.Cause.machineRestarted, .leaseRanOut])
    func `losses that are not its worker's death never bury a job`(
        backend: Backend,
        cause: OrphanedAttempt.Cause
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for _ in 1...5 {
                let token = try await queue.claimOne()
                #expect(try await queue.lose(token, cause) == .written(.ready))
            }
            #expect(try await queue.row(job)["losses"] == .integer(0))
        }
    }

    @Test(arguments: Backend.all)
    func `three losses in which the worker died bury the job as quarantined`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for loss in 1...3 {
                let token = try await queue.claimOne()
                let expected: JobState = loss < 3 ? .ready : .dead
                #expect(try await queue.lose(token) == .written(expected))
                #expect(try await queue.row(job)["losses"] == .integer(Int64(loss)))
            }
            let row = try await queue.row(job)
            #expect(row["reason"] == .text("quarantined: 3 workers died while it ran"))
            #expect(row["failures"] == .integer(0))
            #expect(row["finished_at"] == .time(queue.clock.now))
            let outcomes = try await queue.attempts(job).map { $0["outcome"] }
            #expect(outcomes == [.text("lost"), .text("lost"), .text("lost")])
        }
    }

    // MARK: Workers

    @Test(arguments: Backend.all)
    func `a dead worker without leases is retired, one with leases not yet`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            #expect(
                try await queue.store.retireDead(isDead: { _ in false }, wasRouting: { _ in [] })
                    .isEmpty
            )
            #expect(
                try await queue.store.retireDead(isDead: { _ in true }, wasRouting: { _ in [] })
                    == [TestQueue.second]
            )
            #expect(
                try await queue.store.retireDead(isDead: { _ in true }, wasRouting: { _ in [] })
                    .isEmpty
            )
            // Taken over is enough.
            let third = WorkerID(rawValue: "w3")
            try await queue.register(third)
            _ = try await queue.store.seize(
                [queue.orphan(token)],
                by: third,
                lease: Limits.lease
            )
            #expect(
                try await queue.store.retireDead(isDead: { $0 != third }, wasRouting: { _ in [] })
                    == [TestQueue.first]
            )
            #expect(try await queue.store.records(.workers).map { $0["id"] } == [.text("w3")])
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that retired is not listed`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            try await queue.store.retire(TestQueue.first)
            #expect(try await queue.store.records(.workers).map { $0["id"] } == [.text("w2")])
        }
    }

    @Test(arguments: Backend.all)
    func `a worker's id is never used again`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            await #expect(throws: StoreError.self) { try await queue.register(TestQueue.first) }
            #expect(WorkerID.fresh() != WorkerID.fresh())
        }
    }
}
