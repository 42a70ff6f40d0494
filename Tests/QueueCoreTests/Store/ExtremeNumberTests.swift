import QueueCore
import TestSupport
import Testing

/// Times and counts at the ends of 64 bits, written by hand.
@Suite
struct ExtremeNumberTests {
    static let columns = [
        "run_at", "created_at", "failures", "losses", "snoozed_since", "attempt", "priority",
    ]
    static let extremes = [Int64.min, Int64.max]

    static let refused: [(String, String)] = [
        ("job", "run_at"), ("job", "created_at"), ("job", "failures"), ("job", "losses"),
        ("job", "snoozed_since"), ("pause", "paused_at"), ("replay_request", "not_before"),
        ("replay_request", "requested_at"),
    ]

    @Test(arguments: refused, extremes)
    func `a hand that writes one is refused, and hears what is meant`(
        _ place: (table: String, column: String),
        _ number: Int64
    ) async throws {
        try await withStore { store, path in
            let queue = try await TestQueue(store: store, clock: TestClock()) { _ in store }
            _ = try await queue.add()
            _ = try await store.pause(.route("r"), reason: nil)
            let shell = try Shell(path)
            try shell.run("INSERT INTO replay (delivery) VALUES (1)")
            let error = #expect(throws: (any Error).self) {
                try shell.run("UPDATE \(place.table) SET \(place.column) = \(number)")
            }
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("since 1970") || text.contains("count_up"), "\(text)")
        }
    }

    @Test(arguments: extremes)
    func `a delivery received at one is refused`(_ number: Int64) async throws {
        try await withStore { _, path in
            let shell = try Shell(path)
            #expect(throws: (any Error).self) {
                try shell.run(
                    """
                    INSERT INTO delivery (source, delivery_id, event, event_type, received_at, remote,
                        content_type, headers, body)
                    VALUES ('default', 'x', 'push', 'push', \(number), '::1', 'application/json', '', x'')
                    """
                )
            }
        }
    }

    /// Rows of before the triggers, or of a hand that took them away.
    @Test(arguments: columns, extremes)
    func `a row that has one ends nobody who reads it`(
        _ column: String,
        _ number: Int64
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let clock = TestClock()
            let store = try SQLiteStore(path: path, clocks: clock.clocks)
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            let (leased, ready) = (try await queue.add(), try await queue.add())
            let token = try await queue.claim(1)[0].token
            let shell = try Shell(path)
            try shell.run("PRAGMA ignore_check_constraints = ON")
            for trigger in try shell.strings(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
            ) {
                try shell.run("DROP TRIGGER \(trigger)")
            }
            let values = column == "snoozed_since" ? [leased] : [leased, ready]
            for job in values where column != "attempt" || job == ready {
                try shell.run("UPDATE job SET \(column) = \(number) WHERE id = \(job)")
            }
            // Whatever comes of it is an answer or an error, never the end of the process.
            clock.advance(by: .seconds(60))
            _ = try await store.status()
            for job in [leased, ready] { _ = try await store.situation(of: job) }
            _ = try? await store.prune(Retention())
            _ = try? await store.exchange(
                [
                    AttemptEnd(
                        token: token,
                        outcome: .snooze(for: .seconds(5)),
                        endedAt: clock.now
                    )
                ],
                for: ClaimRequest(slots: 9, concurrency: [HandlerName(rawValue: "h"): 9]),
                worker: TestQueue.first
            )
            _ = try? await store.leases()
            let examination = try Examination(path: path)
            _ = examination.rows()
            _ = try examination.census(now: clock.now)
            try examination.close()
            #expect(try await store.status().deliveries == 2)
        }
    }
}
