import Foundation
import TestSupport
import Testing

@testable import QueueCore

/// Counting the queue, and what it costs.
@Suite
struct QueueCensusTests {
    private func census(_ path: String, _ clock: TestClock) throws -> QueueCensus {
        let examination = try Examination(path: path)
        let census = try examination.census(now: clock.now)
        try examination.close()
        return census
    }

    @Test
    func `each job is counted once, under what it waits for`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            let empty = try census(path, clock)
            #expect(empty.jobs.count == QueueCensus.Part.allCases.count)
            #expect(empty.jobs.values.allSatisfy { $0 == 0 })
            #expect(empty.oldestJob == nil)
            #expect(empty.oldestDelivery == nil)

            // One that ends well, one dead, one to be tried again in an hour, one whose route is
            // paused, one that runs: the claim puts two of them aside.
            _ = try await queue.add()
            try await queue.end(queue.claimOne(), .done)
            _ = try await queue.addDead()
            _ = try await queue.add()
            try await queue.end(queue.claimOne(), .retry(after: .seconds(3600)))
            _ = try await store.pause(.route("p"), reason: nil)
            _ = try await queue.add([.sample(route: "p")])
            _ = try await queue.add()
            _ = try await queue.claimOne()
            // A lane's first and its follower, and one for a handler that no worker has.
            let due = clock.now
            _ = try await queue.add(lane: "lane")
            _ = try await queue.add(lane: "lane")
            _ = try await queue.add(handler: "nobody")
            clock.advance(by: .seconds(1))
            _ = try await queue.accept(2)

            let found = try census(path, clock)
            #expect(
                found.jobs == [
                    .ready: 2, .delayed: 1, .blocked: 1, .paused: 1, .leased: 1, .dead: 1,
                ]
            )
            #expect(found.oldestJob == due)
            #expect(found.unroutedDeliveries == 2)
            #expect(found.oldestDelivery == due)
            #expect(found.waitingReplays == 0)
        }
    }

    /// History is most of a store: ten million rows must not be walked through.
    @Test
    func `no count scans a table`() async throws {
        try await withStore { _, path in
            let shell = try Shell(path)
            for sql in Examination.censusStatements {
                for step in try shell.plan(of: sql)
                where step.contains(" job") || step.contains("routing") {
                    let isIndexed = step.contains("USING") && step.contains("INDEX")
                    let isKey = step.contains("USING INTEGER PRIMARY KEY")
                    #expect(isIndexed || isKey, "\(step) in \(sql)")
                }
            }
            try shell.close()
        }
    }
}
