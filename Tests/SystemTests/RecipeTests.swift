import Foundation
import GRDB
import QueueCore
import Spawn
import TestSupport
import Testing

/// Every recipe of docs/OPERATIONS.md, as a person would run it: with the `sqlite3` program and its
/// own defaults (foreign keys off, no busy timeout).
@Suite
struct RecipeTests {
    /// A recipe that only looks must return something; one that changes something is followed by
    /// questions that must be answered with 1.
    private struct Recipe: Sendable, CustomStringConvertible {
        var title: String
        var sql: String
        var description: String { title }

        var isLook: Bool { sql.hasPrefix("SELECT") }
    }

    private static let document = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/OPERATIONS.md")

    /// The SQL blocks, each with the heading before it.
    private static func recipes() throws -> [Recipe] {
        var recipes: [Recipe] = []
        var title = ""
        var sql: [Substring]?
        let text = try String(contentsOf: document, encoding: .utf8)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("### ") { title = String(line.dropFirst(4)) }
            if line == "```", let lines = sql {
                recipes.append(Recipe(title: title, sql: lines.joined(separator: "\n")))
                sql = nil
            } else if line == "```sql" {
                sql = []
            } else {
                sql?.append(line)
            }
        }
        return recipes
    }

    /// What must be true after each recipe that changes something.
    private static let effects: [String: [String]] = [
        "Run a delivery again": [
            "SELECT count(*) = 4 FROM replay_request WHERE verdict IS NULL",
            "SELECT count(DISTINCT batch) > 1 FROM replay_request",
        ],
        "Take back the replays that wait": [
            "SELECT count(*) = 0 FROM replay_request WHERE verdict IS NULL",
            "SELECT count(*) = 1 FROM replay_request WHERE verdict = 'cancelled'",
        ],
        "Give a dead job another chance": [
            "SELECT state = 'ready' AND failures = 0 AND reason IS NULL FROM job WHERE id = 5",
            "SELECT state = 'dead' FROM job WHERE id = 4",
        ],
        "Give all dead jobs of a handler another chance": [
            "SELECT count(*) = 0 FROM dead_letters"
        ],
        "Take dead jobs off the list": [
            "SELECT count(*) = 0 FROM dead_letters",
            "SELECT count(*) = 3 FROM undiscard",
        ],
        "Put discarded jobs back on the list": [
            "SELECT count(*) = 0 FROM undiscard",
            "SELECT state = 'dead' AND reason = 'exit code 64' FROM job WHERE id = 8",
        ],
        "Cancel a job": ["SELECT state = 'cancelled' FROM job WHERE id = 7"],
        "Run a job now that waits for its time": [
            "SELECT run_at <= strftime('%s', 'now') * 1000000 FROM job WHERE id = 7"
        ],
        "Let a job go first": ["SELECT priority = 10 FROM job WHERE id = 7"],
        "Pause a handler, a route, a lane, or everything": [
            "SELECT count(*) = 4 FROM pause"
        ],
        "End a pause": ["SELECT count(*) = 0 FROM pause"],
        "Remove the body of a delivery that must not be kept": [
            "SELECT body IS NULL FROM delivery WHERE seq = 6",
            "SELECT body_pruned FROM routing WHERE delivery = 6",
        ],
    ]

    @Test
    func `every recipe does what it says`() async throws {
        let recipes = try Self.recipes()
        try #require(recipes.count >= 18)
        for recipe in recipes {
            try await Site.with { site in
                try await Self.fill(site)
                let (exit, output) = try sqlite3(site, recipe.sql)
                #expect(exit == .code(0), "\(recipe): \(output)")
                if recipe.isLook { #expect(!output.isEmpty, "\(recipe) shows nothing") }
                let effects = Self.effects[recipe.title]
                #expect((effects == nil) == recipe.isLook, "\(recipe) has no effect to check")
                for effect in effects ?? [] {
                    #expect(try site.reader.number(effect) == 1, "\(recipe): \(effect)")
                }
            }
        }
    }

    @Test
    func `what a recipe changed is done by a worker`() async throws {
        var settings = SiteSettings(handlers: [
            SiteSettings.Handler(name: "ci", command: ["note"])
        ])
        settings.worker = ["slots: 2"]
        try await Site.with(settings) { site in
            try site.script("note", "echo $SAMOVAR_JOB $SAMOVAR_DELIVERY >> ran")
            try await Self.fill(site)
            try site.startWorker()
            try waitUntil("the delivery that waited to run") { !site.lines("ran").isEmpty }
            for sql in [
                "INSERT INTO requeue (job) VALUES (5);",
                "INSERT INTO replay (delivery) VALUES ('recorded-6');",
            ] {
                try waitUntil("sqlite3 to find the store unlocked") {
                    try sqlite3(site, sql).exit == .code(0)
                }
            }
            try waitUntil("both to run") {
                let ran = site.lines("ran")
                return ran.contains("5 recorded-5") && ran.contains { $0.hasSuffix("recorded-6") }
            }
        }
    }

    @Test(arguments: [
        ("INSERT INTO replay (delivery) VALUES (99)", "no delivery has this seq or id"),
        ("INSERT INTO replay (delivery) VALUES ('recorded-99')", "no delivery has this seq or id"),
        ("INSERT INTO requeue (job) VALUES (99)", "no such dead job"),
        ("INSERT INTO requeue (job) VALUES (1)", "no such dead job"),
        ("INSERT INTO discard (job) VALUES (1)", "no such dead job"),
        ("INSERT INTO undiscard (job) VALUES (4)", "no such discarded job"),
        ("INSERT INTO pause (kind, name) VALUES ('repo', 'x')", "pause_kind_is_known"),
        ("INSERT INTO pause (kind) VALUES ('handler')", "all_but_everything_have_a_name"),
        ("UPDATE job SET state = 'done' WHERE id = 2", "cancel_requested"),
        (
            "UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1 WHERE seq = 9",
            "its body is needed"
        ),
        ("DELETE FROM delivery WHERE seq = 1", "it is kept while they exist"),
        ("DELETE FROM job WHERE id = 1", "live or has attempts"),
        (
            "INSERT OR REPLACE INTO job (id, delivery, route, handler, run_at, created_at) "
                + "VALUES (2, 1, 'r', 'h', 0, 0)", "gets its id from the store"
        ),
    ])
    func `what would break the queue is refused with advice`(
        sql: String,
        advice: String
    ) async throws {
        try await Site.with { site in
            try await Self.fill(site)
            let before = try site.reader.rows("SELECT * FROM job ORDER BY id")
            let (exit, output) = try sqlite3(site, sql)
            #expect(exit != .code(0))
            #expect(output.contains(advice), "\(output)")
            #expect(try site.reader.rows("SELECT * FROM job ORDER BY id") == before)
        }
    }

    // MARK: The store

    /// Nine deliveries: job 1 done, 2 runs and holds the lane of 3, 4 and 5 dead with what they
    /// printed, 6 ready, 7 due next year, 8 discarded; delivery 6 ignored, 9 not yet routed; one
    /// replay waits.
    private static func fill(_ site: Site) async throws {
        let clock = TestClock()
        let store = try SQLiteStore(path: site.store, clocks: clock.clocks)
        let queue = try await TestQueue(store: store, clock: clock) { clock in
            try SQLiteStore(path: site.store, clocks: clock.clocks)
        }
        _ = try await store.accept {
            (1...9).map { Delivery.push($0, id: "recorded-\($0)") }
        }
        let jobs: [Int: NewJob] = [
            1: .sample(handler: "h1"), 2: .sample(handler: "h2", lane: "l"),
            3: .sample(handler: "h2", lane: "l"), 4: .sample(handler: "ci"),
            5: .sample(handler: "ci"), 7: .sample(handler: "h6"), 8: .sample(handler: "h7"),
        ]
        _ = try await store.decide(
            (1...8).map { number in
                let target = RoutingTarget.delivery(DeliverySeq(rawValue: Int64(number)))
                return jobs[number].map { job in
                    queue.routed(target, number == 8 ? [job, .sample(handler: "h8")] : [job])
                } ?? queue.ignored(target)
            }
        )
        let ends: [(handler: String, outcome: Outcome)] = [
            ("h1", .done), ("ci", .dead(reason: "exit code 78")),
            ("h7", .snooze(for: .seconds(365 * 86_400))), ("h8", .dead(reason: "exit code 64")),
        ]
        for (handler, outcome) in ends {
            for job in try await queue.claim(9, [handler: 9]) {
                var end = AttemptEnd(token: job.token, outcome: outcome, endedAt: clock.now)
                end.output = AttemptOutput(kept: Data("what it printed\n".utf8), bytes: 16)
                _ = try await queue.exchange([end], 0)
            }
        }
        _ = try await store.discard([JobID(rawValue: 8)])
        _ = try await queue.claim(9, ["h2": 9])
        try await queue.replay(DeliverySeq(rawValue: 1))
        try await store.close()
    }

    /// Runs statements with the program, which is given nothing but the file and them.
    private func sqlite3(
        _ site: Site,
        _ sql: String
    ) throws -> (exit: ChildProcess.Exit, output: String) {
        let program = try RunningProgram(
            ["/usr/bin/sqlite3", site.store, sql],
            environment: ["HOME": site.folder],
            folder: site.folder
        )
        let exit = try program.awaitExit()
        return (exit, program.output)
    }
}
