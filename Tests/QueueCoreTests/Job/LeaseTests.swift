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
                #expect(try await queue.store.orphans { _ in false }.isEmpty)
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
            queue.clock.advance(by: Limits.lease)
            #expect(try await queue.store.orphans { _ in false }.isEmpty)
            queue.clock.advance(by: .microseconds(1))
            let orphan = OrphanedAttempt(
                token: token,
                worker: TestQueue.first,
                earlierBoot: false
            )
            #expect(try await queue.store.orphans { _ in false } == [orphan])
            #expect(try await queue.store.lose(orphan, workerDied: false) == .written(.ready))
            let next = try await queue.claimOne(by: TestQueue.second)
            #expect(next == AttemptToken(job: job, attempt: 2))
            let lost = try await queue.attempts(job)[0]
            #expect(lost["outcome"] == .text("lost"))
            #expect(lost["error"] == .text("its lease ran out (worker w1)"))
        }
    }

    @Test(arguments: Backend.all)
    func `a worker that lost its lease is told so, and its outcome is refused`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let stale = try await queue.claimOne()
            try await lose(stale, queue)
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
            #expect(try await queue.end(current, .done) == .written(.done))
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
            let kept = try await queue.store.extend([token], worker: TestQueue.second)
            #expect(kept.lost == [token])
            queue.clock.advance(by: Limits.lease + .seconds(1))
            #expect(try await queue.store.orphans { _ in false }.count == 1)
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
            queue.clock.step(by: .seconds(seconds))
            #expect(try await queue.store.orphans { _ in false }.isEmpty)
            let orphan = OrphanedAttempt(
                token: token,
                worker: TestQueue.first,
                earlierBoot: false
            )
            #expect(try await queue.store.lose(orphan, workerDied: false) == .leaseLost)
            #expect(try await queue.end(token, .done) == .written(.done))
        }
    }

    @Test(arguments: Backend.all)
    func `a lease of a worker that lives is no orphan, one of a dead worker is at once`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([.sample(), .sample()])
            let held = try await queue.claim(1).map(\.token)
            let left = try await queue.claim(1, by: TestQueue.second).map(\.token)
            #expect(held.map(\.job) == [jobs[0]])
            let orphans = try await queue.store.orphans { $0 == TestQueue.second }
            #expect(orphans.map(\.token) == left)
            #expect(orphans.first?.worker == TestQueue.second)
            #expect(orphans.first?.earlierBoot == false)
        }
    }

    @Test(arguments: Backend.all)
    func `a lease that was renewed in between is not lost`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            queue.clock.advance(by: Limits.lease * 2)
            let orphan = try #require(try await queue.store.orphans { _ in false }.first)
            _ = try await queue.store.extend([token], worker: TestQueue.first)
            #expect(try await queue.store.lose(orphan, workerDied: false) == .leaseLost)
            #expect(try await queue.state(job) == .leased)
            #expect(try await queue.end(token, .done) == .written(.done))
        }
    }

    @Test(arguments: Backend.all)
    func `an attempt that ended in between is not lost`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            let orphan = try #require(try await queue.store.orphans { _ in true }.first)
            try await queue.end(token, .retry(after: .zero))
            let again = try await queue.claimOne(by: TestQueue.second)
            #expect(try await queue.store.lose(orphan, workerDied: true) == .leaseLost)
            #expect(try await queue.row(job)["losses"] == .integer(0))
            #expect(try await queue.end(again, .done) == .written(.done))
        }
    }

    @Test(arguments: Backend.all)
    func `leases of an earlier boot have run out, whatever their time says`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let token = try await queue.claimOne()
            // The monotonic clock of the new boot is behind the lease's time.
            let rebooted = try queue.reopen(TestClock(bootID: "boot-2"))
            let orphans = try await rebooted.orphans { _ in false }
            #expect(orphans.map(\.token) == [token])
            #expect(orphans.first?.earlierBoot == true)
            for orphan in orphans {
                #expect(try await rebooted.lose(orphan, workerDied: true) == .written(.ready))
            }
            let row = try await queue.row(job)
            #expect(row["losses"] == .integer(0))
            let lost = try await queue.attempts(job)[0]
            #expect(lost["error"] == .text("the machine was started again (worker w1)"))
        }
    }

    @Test(arguments: Backend.all)
    func `reboots never bury a job`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for boot in 2...6 {
                _ = try await queue.claimOne()
                let rebooted = try queue.reopen(TestClock(bootID: "boot-\(boot)"))
                let orphan = try #require(try await rebooted.orphans { _ in true }.first)
                #expect(try await rebooted.lose(orphan, workerDied: true) == .written(.ready))
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
                #expect(try await lose(token, queue) == .written(expected))
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

    @Test(arguments: Backend.all)
    func `losses of leases whose worker lives never bury a job`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for _ in 0..<5 {
                let token = try await queue.claimOne()
                queue.clock.advance(by: Limits.lease + .seconds(1))
                let orphan = OrphanedAttempt(
                    token: token,
                    worker: TestQueue.first,
                    earlierBoot: false
                )
                let result = try await queue.store.lose(orphan, workerDied: false)
                #expect(result == .written(.ready))
            }
            #expect(try await queue.row(job)["losses"] == .integer(0))
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
            try await lose(token, queue)
            #expect(
                try await queue.store.retireDead(isDead: { _ in true }, wasRouting: { _ in [] })
                    == [TestQueue.first]
            )
            #expect(try await queue.store.records(.workers).isEmpty)
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

    @discardableResult
    private func lose(_ token: AttemptToken, _ queue: TestQueue) async throws -> EndResult {
        let orphans = try await queue.store.orphans { _ in true }
        let orphan = try #require(orphans.first { $0.token == token })
        return try await queue.store.lose(orphan, workerDied: true)
    }
}
