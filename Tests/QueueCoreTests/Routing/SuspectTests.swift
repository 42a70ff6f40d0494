import QueueCore
import TestSupport
import Testing

/// What a dead worker was routing is routed alone, and blamed for nothing its neighbours did.
@Suite
struct SuspectTests {
    @Test(arguments: Backend.all)
    func `what a dead worker was routing is read alone, and its neighbours after it`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(4)
            try await die(while: [.delivery(seqs[1]), .delivery(seqs[2])], TestQueue.first, queue)
            for expected in [[seqs[0]], [seqs[1]], [seqs[2]], [seqs[3]]] {
                let waiting = try await queue.store.waitingToBeRouted(atMost: 99)
                #expect(waiting.map(\.target) == expected.map { .delivery($0) })
                let isSuspect = [seqs[1], seqs[2]].contains(expected[0])
                #expect(waiting.map(\.tries) == [isSuspect ? 1 : 0])
                let decisions = waiting.map { queue.ignored($0.target) }
                #expect(try await queue.store.decide(decisions) != .stale)
            }
        }
    }

    @Test(arguments: Backend.all)
    func `every worker that dies counts once, and what was decided meanwhile is not blamed`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seqs = try await queue.accept(2)
            #expect(try await queue.store.decide([queue.ignored(.delivery(seqs[0]))]) != .stale)
            let targets = seqs.map { RoutingTarget.delivery($0) }
            try await die(while: targets, TestQueue.first, queue)
            // The same death is seen once.
            let again = try await queue.store.retireDead(
                isDead: { $0 == TestQueue.first },
                wasRouting: { _ in targets }
            )
            #expect(again.isEmpty)
            try await die(while: targets, TestQueue.second, queue)
            let waiting = try await queue.store.waitingToBeRouted(atMost: 9)
            #expect(waiting.map(\.tries) == [2])
        }
    }

    @Test(arguments: Backend.all)
    func `a replay is under suspicion by itself, not its delivery's other replays`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let seq = try await queue.accept()[0]
            #expect(try await queue.store.decide([queue.ignored(.delivery(seq))]) != .stale)
            _ = try await queue.store.replay([seq, seq], pace: Pace(start: queue.clock.now))
            try await die(while: [.replay(id: 1, of: seq)], TestQueue.first, queue)
            let first = try await queue.store.waitingToBeRouted(atMost: 9)
            #expect(first.map(\.target) == [.replay(id: 1, of: seq)])
            #expect(first.map(\.tries) == [1])
            #expect(try await queue.store.decide([queue.ignored(first[0].target)]) != .stale)
            let second = try await queue.store.waitingToBeRouted(atMost: 9)
            #expect(second.map(\.target) == [.replay(id: 2, of: seq)])
            #expect(second.map(\.tries) == [0])
        }
    }

    @Test(arguments: Backend.all)
    func `a worker with leases is blamed for what it was routing once they are taken over`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add()
            let token = try await queue.claimOne()
            let seq = try await queue.accept()[0]
            let retire = {
                try await queue.store.retireDead(
                    isDead: { $0 == TestQueue.first },
                    wasRouting: { _ in [.delivery(seq)] }
                )
            }
            #expect(try await retire().isEmpty)
            _ = try await queue.store.seize(
                [queue.orphan(token)],
                by: TestQueue.second,
                lease: Limits.lease
            )
            #expect(try await retire() == [TestQueue.first])
            #expect(try await queue.store.waitingToBeRouted(atMost: 9).map(\.tries) == [1])
        }
    }

    private func die(
        while targets: [RoutingTarget],
        _ worker: WorkerID,
        _ queue: TestQueue
    ) async throws {
        let retired = try await queue.store.retireDead(
            isDead: { $0 == worker },
            wasRouting: { _ in targets }
        )
        #expect(retired == [worker])
    }
}
