import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct SchemaTests {
    @Test
    func `the schema is the one that is checked in`() async throws {
        try await withStore { _, path in
            let statements = try Shell(path).strings(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
            )
            let schema = Self.head + statements.map { "\n\($0);\n" }.joined()
            if ProcessInfo.processInfo.environment["RENEW_SNAPSHOTS"] != nil {
                try Data(schema.utf8).write(to: Self.file)
            }
            #expect(try String(contentsOf: Self.file, encoding: .utf8) == schema)
        }
    }

    /// What the views promise to people and their scripts.
    static let views: [(String, [String])] = [
        (
            "queue",
            [
                "delivery", "received", "event_type", "repo", "verdict", "job", "route",
                "handler", "state", "attempt", "reason",
            ]
        ),
        (
            "deliveries",
            [
                "seq", "received", "source", "delivery_id", "event_type", "verdict", "reason",
                "jobs", "job_states", "repeats", "verified_by", "remote", "body_bytes",
            ]
        ),
        (
            "jobs",
            [
                "id", "delivery", "event_type", "route", "handler", "repo", "lane", "state",
                "blocked", "attempt", "failures", "losses", "replay_of", "reason", "created",
                "due", "finished",
            ]
        ),
        (
            "running",
            [
                "job", "delivery", "route", "handler", "repo", "lane", "attempt", "token",
                "worker", "started", "cancel_requested",
            ]
        ),
        ("waiting", ["kind", "delivery", "job", "handler", "lane", "waits_for", "since"]),
        (
            "dead_letters",
            [
                "job", "delivery", "delivery_id", "event_type", "route", "handler", "repo",
                "reason", "attempts", "last_error", "died",
            ]
        ),
        (
            "attempts_recent",
            [
                "id", "job", "number", "handler", "worker", "started", "milliseconds", "outcome",
                "exit_code", "signal", "http_status", "error",
            ]
        ),
        (
            "replay",
            [
                "id", "delivery", "batch", "requested_at", "not_before", "verdict", "reason",
                "decision", "decided_at",
            ]
        ),
        ("requeue", ["job"]),
        ("discard", ["job"]),
        ("undiscard", ["job"]),
        ("paused", ["kind", "name", "reason", "since", "jobs"]),
        ("sources", ["source"]),
    ]

    @Test(arguments: views)
    func `a view has the columns that are documented`(
        view: String,
        columns: [String]
    ) async throws {
        try await withStore { _, path async throws in
            #expect(try Shell(path).columns(view) == columns)
        }
    }

    @Test
    func `every view shows what is there`() async throws {
        try await withStore { store, path in
            let clock = TestClock()
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            let dead = try await queue.addDead()
            _ = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            let token = try await queue.claimOne()
            _ = try await queue.accept()
            let same = Delivery.push(1, id: "delivery-1")
            _ = try await store.accept { [same] }
            let shell = try Shell(path)
            #expect(
                try shell.strings("SELECT delivery, job, verdict, state FROM queue") == [
                    "1|1|routed|dead", "2|2|routed|leased", "3|3|routed|ready", "4||waiting|",
                ]
            )
            #expect(
                try shell.strings(
                    "SELECT seq, verdict, jobs, job_states, repeats FROM deliveries ORDER BY seq"
                ) == [
                    "1|routed|1|1 h dead|1", "2|routed|1|2 h leased|0", "3|routed|1|3 h ready|0",
                    "4|waiting|0||0",
                ]
            )
            #expect(try shell.strings("SELECT count(*) FROM jobs") == ["3"])
            #expect(try shell.strings("SELECT token, worker FROM running") == ["\(token)|w1"])
            #expect(
                try shell.strings(
                    "SELECT kind, delivery, job, waits_for FROM waiting ORDER BY delivery"
                ) == ["job|3|3|its lane, held by job 2", "delivery|4||to be routed"]
            )
            #expect(
                try shell.strings("SELECT job, reason, attempts FROM dead_letters") == [
                    "\(dead)|broken|1"
                ]
            )
            #expect(
                try shell.strings("SELECT job, number, outcome FROM attempts_recent") == [
                    "2|1|running", "1|1|dead",
                ]
            )
        }
    }

    private static let head = """
        -- The schema of a fresh store, as SQLite keeps it. A change of it belongs to a new file in
        -- migrations/; then renew this one: RENEW_SNAPSHOTS=1 swift test --filter SchemaTests

        """

    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("schema.sql")
}
