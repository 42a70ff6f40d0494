import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct DecideTests {
    @Test(arguments: Backend.all)
    func `what waits is read oldest first, as many as asked for`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(5)
            #expect(try await waiting(queue, atMost: 3) == seqs.prefix(3).map { .delivery($0) })
            #expect(try await waiting(queue, atMost: 99) == seqs.map { .delivery($0) })
            #expect(
                try await queue.store.decide([queue.ignored(.delivery(seqs[0]))]).jobs == []
            )
            #expect(try await waiting(queue, atMost: 1) == [.delivery(seqs[1])])
        }
    }

    @Test(arguments: Backend.all)
    func `a body larger than a batch is read alone, and reading stops when a batch is full`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let large = String(repeating: "x", count: Limits.batchBytes + 1)
            let batch = ["a", "b", "c"].map { Delivery.sample(id: $0, body: large) }
            for delivery in batch { _ = try await queue.store.accept { [delivery] } }
            #expect(try await waiting(queue, atMost: 10).count == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `a verdict is written with all that explains it`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let seq = try await queue.accept()[0]
            queue.clock.advance(by: .seconds(3))
            let decision = Decision(
                target: .delivery(seq),
                verdict: .malformed,
                reason: "no JSON",
                explanation: #"{"malformed":"no JSON"}"#,
                payloadSHA256: "ab",
                jobs: []
            )
            #expect(try await queue.store.decide([decision]).jobs == [])
            let row = try #require(try await queue.store.records(.delivery(seq)).first)
            #expect(row["verdict"] == .text("malformed"))
            #expect(row["reason"] == .text("no JSON"))
            #expect(row["decision"] == .json(#"{"malformed":"no JSON"}"#))
            #expect(row["payload_sha256"] == .text("ab"))
            #expect(row["decided_at"] == .time(queue.clock.now))
            #expect(try await queue.store.status().toBeRouted == 0)
        }
    }

    @Test(arguments: Backend.all)
    func `jobs are inserted ready, in the order of acceptance`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(2)
            let result = try await queue.store.decide([
                queue.routed(
                    .delivery(seqs[0]),
                    [
                        .sample(route: "one", with: #"{"a":1}"#, lane: "l"),
                        .sample(route: "two", handler: "other", repo: ""),
                    ]
                ),
                queue.routed(.delivery(seqs[1]), [.sample(route: "one", lane: "l")]),
            ])
            let ids = try #require(result.jobs)
            #expect(ids.map(\.rawValue) == [1, 2, 3])
            let row = try await queue.row(ids[0])
            let expected: [String: Record.Value] = [
                "id": .integer(1), "delivery": .integer(1), "route": .text("one"),
                "handler": .text("h"), "with": .json(#"{"a":1}"#), "trust_needed": .null,
                "repo": .text("o/r"), "lane": .text("l"), "blocked": .integer(0),
                "priority": .integer(0), "run_at": .time(queue.clock.now), "parked": .null,
                "state": .text("ready"), "attempt": .integer(0), "failures": .integer(0),
                "losses": .integer(0), "worker": .null, "cancel_requested": .integer(0),
                "replay": .null, "replay_of": .null, "reason": .null,
                "created_at": .time(queue.clock.now),
                "snoozed_since": .null, "finished_at": .null, "died_at": .null,
                "last_error": .null,
            ]
            #expect(Dictionary(uniqueKeysWithValues: row.columns.map { ($0, $1) }) == expected)
            #expect(try await queue.row(ids[1])["handler"] == .text("other"))
            #expect(try await queue.row(ids[2])["blocked"] == .integer(1))
        }
    }

    @Test(arguments: Backend.all)
    func `of two routers with the same batch one decides, and the other leaves nothing`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(3)
            let decisions = seqs.map { queue.routed(.delivery($0), [.sample()]) }
            let other = try queue.reopen(queue.clock)
            #expect(try await other.decide(decisions) != .stale)
            #expect(try await queue.store.decide(decisions) == .stale)
            #expect(try await queue.store.records(.jobs(limit: 99)).count == 3)
        }
    }

    @Test(arguments: Backend.all)
    func `many routers at once decide every delivery once, in order`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.accept(60)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for size in [1, 2, 3, 5] {
                    let store = size == 1 ? queue.store : try queue.reopen(queue.clock)
                    group.addTask {
                        while true {
                            let batch = try await store.waitingToBeRouted(atMost: size)
                            if batch.isEmpty { return }
                            _ = try await store.decide(
                                batch.map { queue.routed($0.target, [.sample()]) }
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
            let jobs = try await queue.store.records(.jobs(limit: 99))
            let expected = (1...60).reversed().map { Record.Value.integer($0) }
            #expect(jobs.map { $0["delivery"] } == expected)
            #expect(jobs.map { $0["id"] } == expected)
        }
    }

    @Test(arguments: Backend.all)
    func `decisions that do not begin with the oldest are stale`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(2)
            let later = queue.routed(.delivery(seqs[1]), [.sample()])
            #expect(try await queue.store.decide([later]) == .stale)
            #expect(try await queue.store.records(.jobs(limit: 99)).isEmpty)
            #expect(try await queue.store.status().toBeRouted == 2)
        }
    }

    @Test(arguments: Backend.all)
    func `a batch in which one is decided already leaves nothing of the others`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(1)
            #expect(try await queue.store.decide([queue.ignored(.delivery(seqs[0]))]) != .stale)
            let next = try await queue.accept(1)
            let mixed = [
                queue.routed(.delivery(next[0]), [.sample()]), queue.ignored(.delivery(seqs[0])),
            ]
            #expect(try await queue.store.decide(mixed) == .stale)
            #expect(try await waiting(queue, atMost: 9) == [.delivery(next[0])])
        }
    }

    @Test(arguments: Backend.all)
    func `a batch with a job that the store refuses leaves nothing at all`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(2)
            let decisions = [
                queue.routed(.delivery(seqs[0]), [.sample()]),
                queue.routed(.delivery(seqs[1]), [.sample(with: "{no json")]),
            ]
            await #expect(throws: StoreError.self) { try await queue.store.decide(decisions) }
            #expect(try await queue.store.records(.jobs(limit: 99)).isEmpty)
            #expect(try await waiting(queue, atMost: 9).count == 2)
        }
    }

    @Test(arguments: Backend.all)
    func `a delivery that nobody knows is stale`(backend: Backend) async throws {
        try await backend.withQueue { queue async throws in
            let unknown = queue.ignored(.delivery(DeliverySeq(rawValue: 17)))
            #expect(try await queue.store.decide([unknown]) == .stale)
        }
    }

    // MARK: Replays

    @Test(arguments: Backend.all)
    func `replays wait until no delivery does`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            try await queue.replay(DeliverySeq(rawValue: 1))
            let fresh = try await queue.accept()[0]
            #expect(try await queue.store.status().toBeRouted == 2)
            #expect(try await waiting(queue, atMost: 9) == [.delivery(fresh)])
            #expect(try await queue.store.decide([queue.ignored(.delivery(fresh))]) != .stale)
            let replays = try await queue.store.waitingToBeRouted(atMost: 9)
            #expect(replays.map(\.target.delivery.rawValue) == [1])
            #expect(replays.first?.body == Delivery.push(1, id: "delivery-1").body)
        }
    }

    @Test(arguments: Backend.all)
    func `a replayed job names the latest job of its route`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let seq = try await queue.accept()[0]
            _ = try await queue.store.decide([
                queue.routed(.delivery(seq), [.sample(route: "a"), .sample(route: "b")])
            ])
            // Live ones would be left alone.
            let all = (1...6).map { JobID(rawValue: $0) }
            _ = try await queue.store.cancel(all)
            try await replay(seq, [.sample(route: "a")], queue)
            _ = try await queue.store.cancel(all)
            #expect(try await queue.row(JobID(rawValue: 3))["replay_of"] == .integer(1))
            try await replay(seq, [.sample(route: "a"), .sample(route: "new")], queue)
            #expect(try await queue.row(JobID(rawValue: 4))["replay_of"] == .integer(3))
            #expect(try await queue.row(JobID(rawValue: 5))["replay_of"] == .null)
            try await replay(seq, [.sample(route: "b")], queue)
            #expect(try await queue.row(JobID(rawValue: 6))["replay_of"] == .integer(2))
        }
    }

    @Test(arguments: Backend.all)
    func `a replay has a verdict of its own and leaves the delivery's alone`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let seq = DeliverySeq(rawValue: 1)
            try await queue.replay(seq)
            let target = try #require(try await waiting(queue, atMost: 1).first)
            #expect(try await queue.store.decide([queue.ignored(target)]).jobs == [])
            #expect(try await queue.store.decide([queue.ignored(target)]) == .stale)
            let row = try #require(try await queue.store.records(.delivery(seq)).first)
            #expect(row["verdict"] == .text("routed"))
            #expect(try await queue.store.status().toBeRouted == 0)
        }
    }

    @Test(arguments: Backend.all)
    func `a replay of a delivery that does not exist is refused`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let error = await #expect(throws: StoreError.self) {
                try await queue.replay(DeliverySeq(rawValue: 17))
            }
            guard case .refused(let reason) = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(reason.contains("no such delivery"))
        }
    }

    private func replay(_ seq: DeliverySeq, _ jobs: [NewJob], _ queue: TestQueue) async throws {
        try await queue.replay(seq)
        let target = try #require(try await waiting(queue, atMost: 1).first)
        #expect(try await queue.store.decide([queue.routed(target, jobs)]) != .stale)
    }

    private func waiting(_ queue: TestQueue, atMost count: Int) async throws -> [RoutingTarget] {
        try await queue.store.waitingToBeRouted(atMost: count).map(\.target)
    }
}

extension RecordQuery {
    /// The newest jobs of any kind.
    static func jobs(limit: Int) -> RecordQuery {
        .jobs(Selection(), limit: limit)
    }
}
