import QueueCore
import TestSupport
import Testing

@Suite
struct SelectionTests {
    private static let start = TestClock().now

    private static func at(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

    /// What each selection means of the four jobs of ``withJobs``, and of the deliveries behind
    /// them and the fifth, which has none.
    static let selections: [(Selection, jobs: [Int64], deliveries: [Int64])] = [
        (Selection(), [1, 2, 3, 4], [1, 2, 3, 4, 5]),
        (Selection(since: at(1)), [2, 3, 4], [2, 3, 4, 5]),
        (Selection(until: at(1)), [1], [1]),
        (Selection(since: at(1), until: at(2)), [2], [2]),
        (Selection(eventType: "issues"), [2, 4], [2, 4]),
        (Selection(repo: "o/a"), [1, 2], [1, 2]),
        (Selection(repo: ""), [4], [4]),
        (Selection(route: "x"), [1, 3], [1, 3]),
        (Selection(handler: HandlerName(rawValue: "i")), [3], [3]),
        (Selection(state: .dead), [1, 2], [1, 2]),
        (Selection(state: .done), [3], [3]),
        (Selection(state: .ready), [4], [4]),
        (Selection(state: .leased), [], []),
        (Selection(reason: "timeout"), [1], [1]),
        (Selection(reason: "EXIT"), [1, 2], [1, 2]),
        (Selection(reason: "100%"), [2], [2]),
        (Selection(reason: "_"), [], []),
        (Selection(verdict: .routed), [1, 2, 3, 4], [1, 2, 3, 4]),
        (Selection(verdict: .ignored), [], [5]),
        (Selection(eventType: "issues", state: .dead), [2], [2]),
        (Selection(since: at(1), repo: "o/a", state: .dead, reason: "exit"), [2], [2]),
        (Selection(eventType: "push", route: "x", state: .done, verdict: .routed), [3], [3]),
        (Selection(since: at(99)), [], []),
        (Selection(eventType: "' OR 1=1 --"), [], []),
        (Selection(repo: "%"), [], []),
        (Selection(route: "\"x\""), [], []),
        (Selection(handler: HandlerName(rawValue: "'; DROP TABLE job; --")), [], []),
        (Selection(reason: "it's"), [2], [2]),
    ]

    @Test(arguments: Backend.all, selections)
    func `a selection means what fits all of it`(
        backend: Backend,
        expected: (selection: Selection, jobs: [Int64], deliveries: [Int64])
    ) async throws {
        try await withJobs(backend) { queue in
            let jobs = try await queue.store.jobs(matching: expected.selection)
            #expect(jobs.map(\.rawValue) == expected.jobs)
            let deliveries = try await queue.store.deliveries(matching: expected.selection)
            #expect(deliveries.map(\.rawValue) == expected.deliveries)
            for (query, column) in [
                (RecordQuery.jobCounts(expected.selection), "jobs"),
                (.deliveryCounts(expected.selection), "deliveries"),
            ] {
                let counts = try await queue.store.records(query).map { row -> Int64 in
                    guard case .integer(let count) = row[column] else { return -1 }
                    return count
                }
                let all = column == "jobs" ? expected.jobs.count : expected.deliveries.count
                #expect(counts.reduce(0, +) == Int64(all), "\(column)")
            }
        }
    }

    @Test
    func `a delivery without a body cannot be meant, its job can`() async throws {
        try await withQueueAndShell { queue, shell in
            _ = try await queue.addDead()
            try shell.run("UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1")
            #expect(try await queue.store.deliveries(matching: Selection()).isEmpty)
            #expect(try await queue.store.deliveries(matching: Selection(state: .dead)).isEmpty)
            #expect(try await queue.store.jobs(matching: Selection(state: .dead)).count == 1)
        }
    }

    private func withJobs(
        _ backend: Backend,
        _ body: @Sendable (TestQueue) async throws -> Void
    ) async throws {
        try await backend.withQueue { queue in
            let types = ["push", "issues", "push", "issues", "push"]
            let batch = types.enumerated().map { place, type in
                Delivery.sample(id: "d\(place)", eventType: type, receivedAt: Self.at(place))
            }
            _ = try await queue.store.accept { batch }
            let jobs: [NewJob] = [
                .sample(route: "x", repo: "o/a"), .sample(route: "y", repo: "o/a"),
                .sample(route: "x", handler: "i", repo: "o/b"), .sample(route: "y", repo: ""),
            ]
            var decisions = jobs.enumerated().map { place, job in
                queue.routed(.delivery(DeliverySeq(rawValue: Int64(place) + 1)), [job])
            }
            decisions.append(queue.ignored(.delivery(DeliverySeq(rawValue: 5))))
            #expect(try await queue.store.decide(decisions) != .stale)
            let outcomes: [Int64: Outcome] = [
                1: .dead(reason: "exit code 1, timeout"),
                2: .dead(reason: "exit code 2: it's 100% broken"), 3: .done, 4: .released,
            ]
            for claimed in try await queue.claim(9, ["h": 9, "i": 9]) {
                try await queue.end(claimed.token, outcomes[claimed.token.job.rawValue] ?? .done)
            }
            try await body(queue)
        }
    }
}
