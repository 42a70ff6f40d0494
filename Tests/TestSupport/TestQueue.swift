package import QueueCore
import Synchronization

import struct Foundation.Data

/// A store with a clock that a test moves, two registered workers, and short words for what tests
/// do to it.
///
/// Nothing in here knows which backend it is.
package struct TestQueue: Sendable {
    package let store: any QueueStore
    package let clock: TestClock
    /// Opens the same queue once more, as another process does.
    package let reopen: @Sendable (TestClock) throws -> any QueueStore
    private let numbers = Counter()

    package static let first = WorkerID(rawValue: "w1")
    package static let second = WorkerID(rawValue: "w2")

    package init(
        store: any QueueStore,
        clock: TestClock,
        reopen: @escaping @Sendable (TestClock) throws -> any QueueStore
    ) async throws {
        self.store = store
        self.clock = clock
        self.reopen = reopen
        for worker in [Self.first, Self.second] { try await register(worker) }
    }

    package func register(_ worker: WorkerID) async throws {
        try await store.register(
            WorkerRegistration(id: worker, host: "host", pid: 7, version: "0.0.0")
        )
    }

    // MARK: Deliveries

    /// Stores fresh deliveries in one batch.
    package func accept(_ count: Int = 1) async throws -> [DeliverySeq] {
        let batch = (0..<count).map { _ in
            let number = numbers.next()
            return Delivery.push(number, id: "delivery-\(number)")
        }
        return try await store.accept { batch }.map { answer in
            guard case .accepted(let seq) = answer else { throw Unexpected("\(answer)") }
            return seq
        }
    }

    /// A decision that makes jobs.
    package func routed(
        _ target: RoutingTarget,
        _ jobs: [NewJob],
        payloadSHA256: String? = nil,
        isTest: Bool = false
    ) -> Decision {
        Decision(
            target: target,
            verdict: .routed,
            reason: nil,
            explanation: "{}",
            payloadSHA256: payloadSHA256,
            isTest: isTest,
            jobs: jobs
        )
    }

    package func ignored(_ target: RoutingTarget) -> Decision {
        Decision(
            target: target,
            verdict: .ignored,
            reason: "no route matches",
            explanation: "{}",
            payloadSHA256: nil,
            jobs: []
        )
    }

    /// Stores one delivery for each job and routes them, all in two commits.
    package func add(_ jobs: [NewJob]) async throws -> [JobID] {
        let seqs = try await accept(jobs.count)
        let decisions = zip(seqs, jobs).map { routed(.delivery($0), [$1]) }
        guard let ids = try await store.decide(decisions).jobs else {
            throw Unexpected("something else waited to be routed")
        }
        return ids
    }

    package func add(
        handler: String = "h",
        repo: String = "o/r",
        lane: String? = nil
    ) async throws -> JobID {
        try await add([.sample(handler: handler, repo: repo, lane: lane)])[0]
    }

    // MARK: Work

    /// Claims, by default with room for everything.
    package func claim(
        _ slots: Int = 100,
        _ concurrency: [String: Int] = ["h": 1000],
        by worker: WorkerID = first
    ) async throws -> [ClaimedJob] {
        try await exchange([], slots, concurrency, by: worker).claimed
    }

    /// Claims the one job there is to be claimed.
    package func claimOne(by worker: WorkerID = first) async throws -> AttemptToken {
        let claimed = try await claim(by: worker)
        guard claimed.count == 1 else { throw Unexpected("\(claimed.count) jobs were claimed") }
        return claimed[0].token
    }

    package func exchange(
        _ ends: [AttemptEnd],
        _ slots: Int,
        _ concurrency: [String: Int] = ["h": 1000],
        by worker: WorkerID = first
    ) async throws -> (ends: [EndResult], claimed: [ClaimedJob]) {
        let concurrency = Dictionary(
            uniqueKeysWithValues: concurrency.map { (HandlerName(rawValue: $0), $1) }
        )
        let exchange = try await store.exchange(
            ends,
            for: ClaimRequest(slots: slots, concurrency: concurrency),
            worker: worker
        )
        return (exchange.ends, exchange.claimed)
    }

    /// Writes how an attempt ended, and claims nothing.
    @discardableResult
    package func end(
        _ token: AttemptToken,
        _ outcome: Outcome,
        by worker: WorkerID = first
    ) async throws -> EndResult {
        let end = AttemptEnd(token: token, outcome: outcome, endedAt: clock.now)
        return try await exchange([end], 0, by: worker).ends[0]
    }

    /// The lease of an attempt, as one who takes it over for a reason sees it.
    package func orphan(
        _ token: AttemptToken,
        _ cause: OrphanedAttempt.Cause = .workerDied
    ) async throws -> OrphanedAttempt {
        let lease = try await store.leases().first { $0.token == token }
        guard let lease else { throw Unexpected("attempt \(token) has no lease") }
        return OrphanedAttempt(lease: lease, cause: cause)
    }

    /// Takes an attempt over and ends it, as a worker does when nothing is left of it.
    @discardableResult
    package func lose(
        _ token: AttemptToken,
        _ cause: OrphanedAttempt.Cause = .workerDied,
        by worker: WorkerID = second
    ) async throws -> EndResult {
        let seized = try await store.seize(
            [orphan(token, cause)],
            by: worker,
            lease: Limits.lease
        )
        guard seized == [token] else { return .leaseLost }
        return try await store.lose([token], by: worker)[0]
    }

    /// Asks for one delivery to be routed again, now.
    @discardableResult
    package func replay(_ delivery: DeliverySeq) async throws -> ReplayBatch {
        try await store.replay([delivery], pace: Pace(start: clock.now))
    }

    /// Gives jobs a new budget, now.
    ///
    /// - Returns: those that were dead.
    package func requeue(_ jobs: [JobID]) async throws -> [JobID] {
        let changes = try await store.requeue(jobs, pace: Pace(start: clock.now))
        return zip(jobs, changes).filter { $1 == .changed }.map(\.0)
    }

    /// Makes a job that is dead.
    package func addDead(lane: String? = nil) async throws -> JobID {
        let job = try await add(lane: lane)
        let claimed = try await claim().first { $0.token.job == job }
        guard let claimed else { throw Unexpected("job \(job) was not claimed") }
        try await end(claimed.token, .dead(reason: "broken"))
        return job
    }

    // MARK: Looking

    package func row(_ job: JobID) async throws -> Record {
        let rows = try await store.records(.job(job))
        guard rows.count == 1 else { throw Unexpected("\(rows.count) rows of job \(job)") }
        return rows[0]
    }

    package func state(_ job: JobID) async throws -> JobState {
        guard case .text(let text) = try await row(job)["state"],
            let state = JobState(rawValue: text)
        else { throw Unexpected("job \(job) has no state") }
        return state
    }

    package func attempts(_ job: JobID) async throws -> [Record] {
        try await store.records(.attempts(job))
    }
}

extension QueueStore {
    /// Whether an attempt counts, for one who sees no worker's lock.
    package func check(_ token: AttemptToken) async throws(StoreError) -> LeaseCheck {
        try await check(token) { _ in true }
    }
}

extension NewJob {
    package static func sample(
        route: String = "route",
        handler: String = "h",
        with: String = "{}",
        repo: String = "o/r",
        lane: String? = nil,
        redelivery: Redelivery = .once
    ) -> NewJob {
        NewJob(
            route: route,
            handler: HandlerName(rawValue: handler),
            with: with,
            repo: repo,
            lane: lane,
            redelivery: redelivery
        )
    }
}

/// What a test took for granted and was not so.
package struct Unexpected: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Numbers in a row, from 1.
private final class Counter: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock { last in
            last += 1
            return last
        }
    }
}
