import QueueCore
import TestSupport
import Testing

@Suite
struct LaneRaceTests {
    @Test(arguments: Backend.all)
    func `two processes work off two thousand jobs of twenty lanes, each once and in order`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add(
                (0..<2000).map { .sample(repo: "o/\($0 % 3)", lane: "lane-\($0 % 20)") }
            )
            let other = try queue.reopen(queue.clock)
            let workers = [(queue.store, TestQueue.first), (other, TestQueue.second)]
            let ended = try await withThrowingTaskGroup(of: [ClaimedJob].self) { group in
                for (store, worker) in workers {
                    group.addTask { try await Self.workOff(store, worker, queue.clock) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ended.joined().count == 2000)
            #expect(Set(ended.joined().map(\.token.job)).count == 2000)
            #expect(ended.joined().allSatisfy { $0.token.attempt == 1 })
            #expect(try await queue.store.status().jobs == [.done: 2000])
            try await expectOrder(queue)
            // Each process sees its part of a lane in order as well.
            for jobs in ended {
                for lane in Dictionary(grouping: jobs, by: \.lane).values {
                    #expect(lane.map(\.token.job) == lane.map(\.token.job).sorted())
                }
            }
        }
    }

    /// Attempts are numbered in the order of the claims.
    private func expectOrder(_ queue: TestQueue) async throws {
        var last: [Int64: Int64] = [:]
        for id in 1...2000 {
            let job = JobID(rawValue: Int64(id))
            guard case .integer(let attempt) = try await queue.attempts(job)[0]["id"] else {
                throw Unexpected("job \(job) has no attempt")
            }
            let lane = Int64((id - 1) % 20)
            #expect(attempt > last[lane, default: 0], "job \(job)")
            last[lane] = attempt
        }
    }

    /// Claims a few, ends them, and so on until nothing is left.
    private static func workOff(
        _ store: any QueueStore,
        _ worker: WorkerID,
        _ clock: TestClock
    ) async throws -> [ClaimedJob] {
        let request = ClaimRequest(slots: 7, concurrency: [HandlerName(rawValue: "h"): 12])
        var running: [ClaimedJob] = []
        var ended: [ClaimedJob] = []
        while true {
            let ends = running.map {
                AttemptEnd(token: $0.token, outcome: .done, endedAt: clock.now)
            }
            let answer = try await store.exchange(ends, for: request, worker: worker)
            #expect(answer.ends.allSatisfy { $0 == .written(.done) })
            ended += running
            running = answer.claimed
            if running.isEmpty, try await store.status().jobs[.ready] == nil { return ended }
        }
    }
}
