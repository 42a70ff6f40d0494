import TestSupport
import Testing

@testable import QueueCore

@Suite
struct ReplayTests {
    @Test(arguments: Backend.all)
    func `a batch of replays is routed in the order that was asked for, at its pace`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await routed(3, queue)
            let pace = Pace(start: queue.clock.now + .seconds(5), spacing: .seconds(10))
            let order = [seqs[2], seqs[0], seqs[1]]
            let batch = try await queue.store.replay(order, pace: pace)
            #expect(batch == ReplayBatch(id: 1, count: 3))
            #expect(try await waiting(queue).isEmpty)
            for (wait, seq) in zip([5, 10, 10], order) {
                queue.clock.advance(by: .seconds(wait) - .microseconds(1))
                #expect(try await waiting(queue).isEmpty)
                queue.clock.advance(by: .microseconds(1))
                let due = try await waiting(queue)
                #expect(due.map(\.delivery) == [seq])
                #expect(try await queue.store.decide(due.map { queue.ignored($0) }) != .stale)
            }
        }
    }

    @Test(arguments: Backend.all)
    func `all at once means all at once`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let seqs = try await routed(3, queue)
            let again = [seqs[0], seqs[0], seqs[2]]
            _ = try await queue.store.replay(again, pace: Pace(start: queue.clock.now))
            #expect(try await waiting(queue).map(\.delivery) == again)
            #expect(try await queue.store.status().toBeRouted == 3)
        }
    }

    @Test(arguments: Backend.all)
    func `a replay for one route makes the jobs of that one alone`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seq = try await routed(1, queue)[0]
            let pace = Pace(start: queue.clock.now)
            // Of b one lives by then, which is left alone.
            let cases: [(route: String?, routes: [String])] = [
                ("b", ["b"]), ("gone", []), (nil, ["a"]),
            ]
            for (route, routes) in cases {
                _ = try await queue.store.replay([seq], pace: pace, onlyRoute: route)
                let target = try #require(try await waiting(queue).first)
                let jobs = [NewJob.sample(route: "a"), .sample(route: "b")]
                let result = try await queue.store.decide([queue.routed(target, jobs)])
                guard case .decided(let written) = result else {
                    throw Unexpected("\(result)")
                }
                #expect(written.map(\.verdict) == [routes.isEmpty ? .ignored : .routed])
                var made: [String] = []
                for job in written.flatMap(\.jobs) {
                    guard case .text(let name) = try await queue.row(job)["route"] else { continue }
                    made.append(name)
                }
                #expect(made == routes)
            }
            let batches = try await queue.store.records(.replayBatches(limit: 9))
            #expect(batches.map { $0["only_route"] } == [.null, .text("gone"), .text("b")])
        }
    }

    @Test(arguments: Backend.all)
    func `a delivery that does not exist or is not routed yet is left out of its batch`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await routed(2, queue)
            let undecided = try await queue.accept()[0]
            let pace = Pace(start: queue.clock.now)
            let batch = try await queue.store.replay(
                [seqs[0], DeliverySeq(rawValue: 99), undecided, seqs[1]],
                pace: pace
            )
            #expect(batch.count == 2)
            let none = [DeliverySeq(rawValue: 99), undecided]
            await #expect(throws: StoreError.self) {
                try await queue.store.replay(none, pace: pace)
            }
            #expect(try await queue.store.records(.replayBatches(limit: 9)).count == 1)
        }
    }

    // MARK: Live jobs

    @Test(arguments: Backend.all)
    func `a live job is left alone, and what has ended is made again`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seq = try await queue.accept()[0]
            let routes: [NewJob] = [
                .sample(route: "a"), .sample(route: "b", handler: "slow"), .sample(route: "c"),
            ]
            let made = try await queue.store.decide([queue.routed(.delivery(seq), routes)]).jobs
            let first = try #require(made)
            // One runs, one waits, one is done.
            let running = try await queue.claim(2)
            let done = try #require(running.first { $0.route == "c" })
            try await queue.end(done.token, .done)
            #expect(
                try await queue.store.liveJobs(of: seq) == ["a": first[0], "b": first[1]]
            )

            try await queue.replay(seq)
            let target = try #require(try await waiting(queue).first)
            let result = try await queue.store.decide([queue.routed(target, routes)])
            guard case .decided(let written) = result else {
                throw Unexpected("somebody else decided")
            }
            #expect(written.map(\.verdict) == [.routed])
            #expect(
                written[0].reason == "left alone, because live: job \(first[0]) of route a, "
                    + "job \(first[1]) of route b"
            )
            let again = try #require(written[0].jobs.first)
            #expect(written[0].jobs.count == 1)
            #expect(try await queue.row(again)["route"] == .text("c"))
            #expect(try await queue.row(again)["replay_of"] == .integer(first[2].rawValue))
        }
    }

    @Test(arguments: Backend.all)
    func `two replays of one delivery make one job, and the second says so`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seq = try await routed(1, queue)[0]
            _ = try await queue.store.replay([seq, seq], pace: Pace(start: queue.clock.now))
            let decisions = try await waiting(queue).map { queue.routed($0, [.sample()]) }
            guard case .decided(let written) = try await queue.store.decide(decisions) else {
                throw Unexpected("somebody else decided")
            }
            #expect(written.map(\.jobs.count) == [1, 0])
            #expect(written[0].reason == nil)
            #expect(written[1].reason == "left alone, because live: job 1 of route route")
        }
    }

    // MARK: Cancelling

    @Test(arguments: Backend.all)
    func `a batch that is cancelled before it is routed makes no jobs`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await routed(2, queue)
            let pace = Pace(start: queue.clock.now)
            let batch = try await queue.store.replay(seqs, pace: pace)
            let other = try await queue.store.replay([seqs[0]], pace: pace)
            // A router has read them already.
            let read = try await waiting(queue)
            let expected = ReplayCancellation(requests: 2, jobs: 0, stopping: 0)
            #expect(try await queue.store.cancelReplay(batch: batch.id) == expected)
            let decisions = read.map { queue.routed($0, [.sample()]) }
            #expect(try await queue.store.decide(decisions) == .stale)
            #expect(try await waiting(queue) == [.replay(id: other.id, of: seqs[0])])
            let none = ReplayCancellation(requests: 0, jobs: 0, stopping: 0)
            #expect(try await queue.store.cancelReplay(batch: batch.id) == none)
        }
    }

    @Test(arguments: Backend.all)
    func `a batch that is cancelled half-way stops what runs, and leaves what is done`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await routed(4, queue)
            let pace = Pace(start: queue.clock.now)
            let batch = try await queue.store.replay(seqs, pace: pace)
            let first = try await waiting(queue).prefix(3)
            guard
                let jobs = try await queue.store.decide(
                    first.map { queue.routed($0, [.sample()]) }
                ).jobs
            else { throw Unexpected("somebody else decided") }
            let tokens = try await queue.claim(2).map(\.token)
            try await queue.end(tokens[0], .done)

            let expected = ReplayCancellation(requests: 1, jobs: 1, stopping: 1)
            #expect(try await queue.store.cancelReplay(batch: batch.id) == expected)
            var states: [JobState] = []
            for job in jobs { states.append(try await queue.state(job)) }
            #expect(states == [.done, .leased, .cancelled])
            #expect(try await queue.store.cancelRequests(of: TestQueue.first) == [tokens[1]])
            let row = try #require(try await queue.store.records(.replayBatches(limit: 1)).first)
            #expect(row["deliveries"] == .integer(4))
            #expect(row["waiting"] == .integer(0))
            #expect(row["cancelled"] == .integer(1))
            #expect(row["jobs"] == .integer(3))
        }
    }

    @Test(arguments: Backend.all)
    func `a batch that does not exist is not cancelled`(backend: Backend) async throws {
        try await backend.withQueue { queue async throws in
            #expect(try await queue.store.cancelReplay(batch: 1) == nil)
        }
    }

    // MARK: Clock

    @Test(arguments: Backend.all)
    func `a step back of the wall clock makes no replay wait longer`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await routed(2, queue)
            let pace = Pace(start: queue.clock.now, spacing: .seconds(10))
            _ = try await queue.store.replay(seqs, pace: pace)
            queue.clock.step(by: .seconds(-3600))
            _ = try await queue.claim(1)
            #expect(try await waiting(queue).map(\.delivery) == [seqs[0]])
            queue.clock.advance(by: .seconds(10))
            #expect(try await waiting(queue).map(\.delivery) == seqs)
        }
    }

    private func routed(_ count: Int, _ queue: TestQueue) async throws -> [DeliverySeq] {
        let seqs = try await queue.accept(count)
        let decisions = seqs.map { queue.ignored(.delivery($0)) }
        #expect(try await queue.store.decide(decisions) != .stale)
        return seqs
    }

    private func waiting(_ queue: TestQueue) async throws -> [RoutingTarget] {
        try await queue.store.waitingToBeRouted(atMost: 99).map(\.target)
    }
}
