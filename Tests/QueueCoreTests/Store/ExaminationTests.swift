import Foundation
import GRDB
import TestSupport
import Testing

@testable import Migrations
@testable import QueueCore

/// Each kind of finding, provoked for real.
@Suite
struct ExaminationTests {
    /// A store with jobs of every state, damaged by a stranger, examined.
    private func findings(
        after damage: (Shell) throws -> Void
    ) async throws -> [Diagnosis] {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await Self.fill(path)
            let shell = try Shell(path)
            try damage(shell)
            try shell.close()
            return try Self.all(path).filter { $0.level != .ok }
        }
    }

    private static func fill(_ path: String) async throws {
        let clock = TestClock()
        let store = try SQLiteStore(path: path, clocks: clock.clocks)
        let queue = try await TestQueue(store: store, clock: clock) { clock in
            try SQLiteStore(path: path, clocks: clock.clocks)
        }
        _ = try await queue.addDead()
        let jobs = try await queue.add([.sample(), .sample(), .sample()])
        for (token, outcome) in zip(
            try await queue.claim(2).map(\.token),
            [Outcome.done, .snooze(for: .seconds(60))]
        ) {
            try await queue.end(token, outcome)
        }
        _ = try await queue.store.cancel([try #require(jobs.last)])
        _ = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
        _ = try await queue.store.accept { [.sample(id: "waits")] }
        try await store.close()
    }

    private static func all(_ path: String) throws -> [Diagnosis] {
        let examination = try Examination(path: path)
        defer { try? examination.close() }
        return examination.file(quick: false) + examination.rows() + examination.migrations()
            + examination.schemaDrift() + examination.settings()
    }

    /// Without the guards, foreign keys included, as in a shell that means it.
    private func withoutGuards(_ sql: String) -> (Shell) throws -> Void {
        { shell in
            let triggers = try shell.strings(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
            )
            for trigger in triggers { try shell.run("DROP TRIGGER \(trigger)") }
            try shell.run("PRAGMA ignore_check_constraints = ON")
            try shell.run(sql)
        }
    }

    @Test
    func `a sound store has no findings, and stays as it is`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await Self.fill(path)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            let diagnoses = try Self.all(path)
            #expect(diagnoses.filter { $0.level != .ok && $0.check != "sqlite_library" } == [])
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
            let texts = diagnoses.map(\.text)
            #expect(texts.contains("7 deliveries numbered = 7 there"))
            #expect(texts.contains("7 deliveries = 6 routed + 1 waiting"))
            #expect(texts.contains("6 jobs = 3 ready + 1 cancelled + 1 dead + 1 done"))
        }
    }

    @Test
    func `a store that others work on has no findings`() async throws {
        try await withStore { store, path in
            let queue = try await TestQueue(store: store, clock: TestClock()) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            _ = try await queue.add()
            _ = try await queue.claim()
            #expect(try Self.all(path).filter(\.isFinding) == [])
        }
    }

    @Test(
        arguments: [
            ("DELETE FROM delivery WHERE seq = 7", "deliveries_are_all_there", "1 missing"),
            (
                "DELETE FROM routing WHERE delivery = 7", "accepted_is_decided_or_waits",
                "which are 6"
            ),
            (
                "DELETE FROM routing WHERE delivery = 7", "invariants",
                "one routing row: 7 (1 in all)"
            ),
            (
                "DELETE FROM attempt WHERE job = 1; DELETE FROM job WHERE id = 1",
                "jobs_are_all_there", "1 missing"
            ),
            ("UPDATE store SET pruned_jobs = 4", "jobs_are_all_there", "4 too many"),
            ("DELETE FROM attempt WHERE job = 1", "invariants", "as many attempts as it counts: 1"),
            ("DELETE FROM delivery WHERE seq = 1", "foreign_keys", "rows of job name a delivery"),
            ("UPDATE job SET blocked = 0 WHERE lane = 'l'", "invariants", "a ready job is blocked"),
            (
                "UPDATE job SET blocked = 1 WHERE state = 'dead'", "invariants",
                "only ready jobs are blocked"
            ),
            (
                "UPDATE job SET parked = 'delayed' WHERE state = 'dead'", "invariants",
                "only ready jobs are parked"
            ),
            (
                "UPDATE job SET state = 'ended' WHERE id = 1", "invariants",
                "every job is in one state"
            ),
            ("UPDATE job SET reason = NULL WHERE id = 1", "invariants", "says when and why: 1"),
            (
                "UPDATE job SET finished_at = NULL WHERE id = 1", "invariants",
                "says when and why: 1"
            ),
            (
                "UPDATE attempt SET outcome = NULL, ended_at = NULL WHERE job = 1", "invariants",
                "only the last attempt is open"
            ),
            (
                "DELETE FROM attempt WHERE job = 1; DELETE FROM job WHERE id = 1", "invariants",
                "routed deliveries have jobs"
            ),
            (
                "UPDATE routing SET verdict = 'ignored', reason = 'x' WHERE delivery = 1",
                "invariants", "not routed have no jobs"
            ),
            (
                "UPDATE routing SET body_pruned = 1 WHERE delivery = 1", "invariants",
                "still has its body: 1"
            ),
            (
                "UPDATE delivery SET body = NULL, body_pruned_at = 1 WHERE seq = 7", "invariants",
                "what waits to be routed has its body: 7"
            ),
            (
                "UPDATE delivery SET body = NULL, body_pruned_at = 1 WHERE seq = 5", "invariants",
                "a live job's delivery has its body"
            ),
        ]
    )
    func `rows changed without the guards are found`(
        sql: String,
        check: String,
        text: String
    ) async throws {
        let found = try await findings(after: withoutGuards(sql))
        let hit = found.first { $0.check == check && $0.text.contains(text) }
        #expect(hit?.level == .failure, "\(found)")
        #expect(hit?.hint != nil)
    }

    @Test
    func `two jobs of one lane that run at once are found`() async throws {
        let found = try await findings(
            after: withoutGuards(
                """
                DROP INDEX job_lane_runs_one_at_a_time;
                UPDATE job SET state = 'leased', worker = 'w1', lease_until = 1, lease_boot = 'b'
                WHERE lane = 'l'
                """
            )
        )
        #expect(found.contains { $0.text.contains("of a lane one job runs at a time") })
        #expect(found.contains { $0.text.contains("missing: index job_lane_runs_one_at_a_time") })
    }

    @Test(
        arguments: [
            ("CREATE INDEX mine ON job (reason)", Diagnosis.Level.warning, "index mine"),
            ("CREATE TABLE mine (a)", .warning, "not Samovar's: table mine"),
            ("DROP TRIGGER attempt_ends_once", .failure, "missing: trigger attempt_ends_once"),
            (
                """
                DROP VIEW paused;
                CREATE VIEW paused AS SELECT 1
                """, .failure, "changed: view paused"
            ),
        ]
    )
    func `a schema that is not the migrations' is found`(
        sql: String,
        level: Diagnosis.Level,
        text: String
    ) async throws {
        let found = try await findings { try $0.run(sql) }
        let hit = found.first { $0.check == "schema_drift" }
        #expect(hit?.level == level)
        #expect(hit?.text.contains(text) == true, "\(found)")
    }

    @Test
    func `statistics and other blanks are no drift`() async throws {
        let found = try await findings { shell in
            try shell.run("ANALYZE; DROP INDEX job_by_delivery")
            try shell.run("CREATE INDEX job_by_delivery\n    ON   job (delivery)")
        }
        #expect(!found.contains { $0.check == "schema_drift" }, "\(found)")
    }

    @Test
    func `a migration that was applied with another text is found`() async throws {
        let found = try await findings { shell in
            try shell.run("DROP TRIGGER migration_never_changes")
            try shell.run("UPDATE migration SET checksum = 'x'")
        }
        let hit = found.first { $0.check == "migrations" }
        #expect(hit?.level == .failure)
        #expect(hit?.text.contains(Migrations.all[0].name) == true)
    }

    @Test
    func `another journal mode and a file that keeps its size are told`() async throws {
        let found = try await findings { shell in
            try shell.run("PRAGMA journal_mode = DELETE")
            try shell.run("PRAGMA auto_vacuum = NONE")
            try shell.run("VACUUM")
        }
        #expect(found.first { $0.check == "journal_mode" }?.level == .warning)
        #expect(found.first { $0.check == "auto_vacuum" }?.level == .note)
    }

    @Test(arguments: [false, true])
    func `a damaged page is found, and the rest is examined all the same`(
        quick: Bool
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            try await Self.fill(path)
            let shell = try Shell(path)
            let page = try #require(
                Int(shell.strings("SELECT rootpage FROM sqlite_schema WHERE name = 'attempt'")[0])
            )
            try shell.close()
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: UInt64(page - 1) * 4096)
            try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
            try file.close()
            let examination = try Examination(path: path)
            let found = examination.file(quick: quick)
            #expect(found.first?.level == .failure, "\(found)")
            #expect(examination.rows().contains { $0.level == .failure })
            #expect(examination.migrations().allSatisfy { $0.level == .ok })
            try examination.close()
        }
    }

    @Test
    func `an older store is examined as far as its schema goes, and not migrated`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let connection = try Connection.open(path)
            try MigrationPlan(migrations: [Migrations.all[0]])
                .apply(to: connection, path: path, now: TestClock().now)
            try connection.close()
            let diagnoses = try Self.all(path)
            #expect(diagnoses.filter(\.isFinding) == [])
            #expect(diagnoses.first { $0.check == "migrations" }?.level == .note)
            #expect(try Shell(path).strings("SELECT max(number) FROM migration") == ["1"])
        }
    }

    // MARK: Work

    private func work(
        _ clock: TestClock,
        _ path: String,
        alive: Set<WorkerID> = [],
        bootID: String = "boot-1"
    ) throws -> [String: Diagnosis] {
        let examination = try Examination(path: path)
        defer { try? examination.close() }
        let facts = try examination.work(clocks: clock.clocks, retention: Retention())
        let machine = MachineFacts(
            now: clock.now,
            monotonic: clock.clocks.monotonic(),
            bootID: bootID,
            alive: alive
        )
        let diagnoses = try #require(facts).diagnoses(at: machine)
        return Dictionary(uniqueKeysWithValues: diagnoses.map { ($0.check, $0) })
    }

    @Test
    func `a delivery that comes while a store is read does not come from the future`()
        async throws
    {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let examination = try Examination(path: path)
            defer { try? examination.close() }
            #expect(examination.rows().allSatisfy { !$0.isFinding })
            clock.advance(by: .seconds(90))
            _ = try await store.accept { [.sample(id: "meanwhile", receivedAt: clock.now)] }
            let facts = try examination.work(clocks: clock.clocks, retention: Retention())
            #expect(facts?.newestReceived == clock.now)
            #expect(facts?.now == clock.now)
        }
    }

    @Test
    func `a worker that stops while it is looked at did not die`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            _ = try await queue.add([.sample(), .sample()])
            let ending = try #require(try await queue.claim(1).first?.token)
            let orphan = try #require(try await queue.claim(1, by: TestQueue.second).first?.token)
            let examination = try Examination(path: path)
            defer { try? examination.close() }
            let look = try examination.work(clocks: clock.clocks, retention: Retention())
            let seen = try #require(look)
            #expect(seen.workers == [TestQueue.first, TestQueue.second])
            try await queue.end(ending, .done)
            try await store.retire(TestQueue.first)
            let still = try examination.rechecked(seen, alive: [])
            #expect(still.workers == [TestQueue.second])
            #expect(still.leases.map(\.token) == [orphan])
            let both: Set = [TestQueue.first, TestQueue.second]
            #expect(try examination.rechecked(seen, alive: both) == seen)
        }
    }

    @Test
    func `what the queue is doing is read from a live store`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            let both: Set = [TestQueue.first, TestQueue.second]
            _ = try await queue.add()
            _ = try await queue.claim()
            let quiet = try work(clock, path, alive: both)
            #expect(quiet.values.filter { $0.level != .ok } == [])
            #expect(quiet["leases"]?.text == "1 job running, the oldest attempt for 0 s")

            #expect(try work(clock, path)["leases"]?.text == "held by dead workers: job 1")
            #expect(try work(clock, path)["workers"]?.level == .warning)
            // A container may have a boot id of its own: its clock cannot be read, its lock can.
            #expect(try work(clock, path, alive: both, bootID: "boot-2")["leases"]?.level == .ok)
            #expect(try work(clock, path, bootID: "boot-2")["leases"]?.level == .warning)
            _ = try await queue.add()
            _ = try await queue.store.accept { [.sample(id: "waits")] }
            _ = try await store.pause(.handler(HandlerName(rawValue: "other")), reason: "why")
            try await store.record(
                Incident(kind: .deliveryConflict, source: "s", subject: "x", detail: "d")
            )
            clock.advance(by: .seconds(3700))
            let busy = try work(clock, path, alive: both)
            #expect(busy["leases"]?.text.hasPrefix("expired, and their workers") == true)
            #expect(busy["to_be_routed"]?.level == .warning)
            #expect(busy["due_jobs"]?.level == .note)
            #expect(busy["pauses"]?.text == "paused: handler other for 1 h 1 min (why)")
            #expect(busy["incidents"]?.level == .warning)
            #expect(try work(clock, path)["due_jobs"]?.level == .warning)
        }
    }

    @Test
    func `retention that is not kept up with is told`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            _ = try await queue.addDead()
            clock.advance(by: .seconds(30 * 86_400 + 60))
            #expect(try work(clock, path)["pruning"]?.level == .ok)
            clock.advance(by: .seconds(3600))
            #expect(try work(clock, path)["pruning"]?.text == "behind by more than an hour: bodies")
            #expect(try work(clock, path)["dead_letters"]?.level == .note)
        }
    }

    @Test
    func `a wall clock that went ahead is told, whether or not a worker noticed`() async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { clock in
                try SQLiteStore(path: path, clocks: clock.clocks)
            }
            #expect(try work(clock, path)["clock_steps"]?.level == .ok)
            clock.step(by: .seconds(400 * 86_400))
            for _ in 1...2 {
                let found = try work(clock, path)["clock_steps"]
                #expect(found?.level == .warning)
                #expect(found?.text.contains("ahead by 400 d, last 0 s ago (it was set)") == true)
                _ = try await queue.claim()
            }
            clock.advance(by: .seconds(8 * 86_400))
            #expect(try work(clock, path)["clock_steps"]?.level == .note)
        }
    }
}
