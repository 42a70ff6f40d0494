import TestSupport
import Testing

@testable import QueueCore

/// Stored deliveries, to be looked at with other rules.
@Suite
struct HistoryTests {
    private func all(
        _ store: any QueueStore,
        since: Timestamp
    ) async throws -> [HistoricDelivery] {
        var found: [HistoricDelivery] = []
        while true {
            let batch = try await store.history(since: since, before: found.last)
            if batch.isEmpty { return found }
            #expect(batch.count <= QueueCore.Limits.historyBatch)
            found += batch
        }
    }

    @Test(arguments: Backend.all)
    func `every delivery comes once, newest first, also those of one moment`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            var ids: [String] = []
            let start = queue.clock.now
            for number in 0..<(2 * QueueCore.Limits.historyBatch + 9) {
                if number % 30 == 0 { queue.clock.step(by: .seconds(1)) }
                let now = queue.clock.now
                ids.append("delivery-of-history-\(number)")
                let id = ids[number]
                _ = try await queue.store.accept { [.sample(id: id, receivedAt: now)] }
            }
            let found = try await all(queue.store, since: start)
            #expect(found.map(\.delivery.id.rawValue) == ids.reversed())
            #expect(found.allSatisfy { !$0.isPruned && $0.delivery.verifiedBy == "test" })
            let recent = try await all(queue.store, since: queue.clock.now)
            #expect(recent.count == ids.count % 30)
            let seq = found[3].delivery.target.delivery
            let one = try await queue.store.history(of: seq)
            #expect(one?.delivery.id == found[3].delivery.id)
            #expect(try await queue.store.history(of: DeliverySeq(rawValue: 9999)) == nil)
        }
    }

    /// Event, type, headers as they are stored, and whether one of them named the type.
    static let typed: [(event: String, type: String, headers: String, isTyped: Bool)] = [
        ("issues", "issue_label", "{}", true), ("issues", "issues", "{}", false),
        ("issues", "issues", #"{"X-Gitea-Event":"issues"}"#, false),
        ("issues", "issues", #"{"X-Gitea-Event-Type":"issues"}"#, true),
        ("issues", "issues", #"{"x-gogs-event-type":"issues"}"#, true),
        ("issues", "issues", #"{"X-Gitea-Event-Type":""}"#, false),
        ("issues", "issues", #"{"User-Agent":"x-event-type\":\"issues"}"#, false),
    ]

    @Test(arguments: Backend.all)
    func `whether a header named the type is read from the headers`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let deliveries = Self.typed.enumerated().map { number, row in
                var delivery = Delivery.sample(id: "typed-\(number)", eventType: row.type)
                delivery.event = row.event
                delivery.headers = row.headers
                return delivery
            }
            _ = try await queue.store.accept { deliveries }
            let expected = Self.typed.map(\.isTyped)
            let waiting = try await queue.store.waitingToBeRouted(atMost: 99)
            #expect(waiting.map(\.isTyped) == expected)
            let found = try await all(queue.store, since: Timestamp(rawValue: 0))
            #expect(found.map(\.delivery.isTyped) == expected.reversed())
        }
    }

    @Test
    func `a batch is found by its time, without a look at the rest`() async throws {
        try await withStore { _, path in
            let plan = try Shell(path).plan(of: SQLiteStore.historyBatch)
            #expect(plan.first?.contains("USING INDEX delivery_by_time (received_at>? AND") == true)
            #expect(!plan.contains { $0.contains("SCAN") || $0.contains("TEMP B-TREE") })
        }
    }

    @Test(arguments: Backend.all)
    func `what keeps a worker from its configuration is shown, until it is gone`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            func shown() async throws -> [Record.Value] {
                try await queue.store.records(.workers).map { $0["configuration_error"] }
            }
            #expect(try await shown() == [.null, .null])
            try await queue.store.report(configurationError: "line 3", of: TestQueue.first)
            #expect(try await shown() == [.text("line 3"), .null])
            try await queue.store.report(configurationError: nil, of: TestQueue.first)
            #expect(try await shown() == [.null, .null])
        }
    }
}
