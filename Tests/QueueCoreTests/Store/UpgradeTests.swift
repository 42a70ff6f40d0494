import GRDB
import TestSupport
import Testing

@testable import Migrations
@testable import QueueCore

/// A store of the first version, with something in every table, under this program.
@Suite
struct UpgradeTests {
    /// What must read the same before and after.
    private static let dumps = [
        "SELECT * FROM delivery ORDER BY seq",
        """
        SELECT delivery, verdict, reason, decision, payload_sha256, decided_at, tries FROM routing
        ORDER BY delivery
        """,
        "SELECT * FROM delivery_repeat ORDER BY delivery",
        """
        SELECT id, delivery, requested_at, verdict, reason, decision, decided_at
        FROM replay_request
        ORDER BY id
        """,
        """
        SELECT id, delivery, route, handler, "with", repo, lane, blocked, priority, run_at, state,
            attempt, failures, losses, snoozed_since, worker, lease_until, lease_boot,
            cancel_requested, replay, replay_of, reason, created_at, finished_at
        FROM job
        ORDER BY id
        """,
        "SELECT * FROM attempt ORDER BY id",
        "SELECT attempt, bytes, hex(output) FROM attempt_output ORDER BY attempt",
        """
        SELECT id, host, pid, version, boot, started_at, heartbeat_at, stopped_at, breakers
        FROM worker
        ORDER BY id
        """,
        """
        SELECT id, kind, source, subject, detail, count, first_at, last_at FROM incident
        ORDER BY id
        """,
        "SELECT id, uuid, created_at, probed_at, wall_lead, wall_boot FROM store",
        "SELECT name, seq FROM sqlite_sequence WHERE seq > 0 ORDER BY name",
    ]

    @Test
    func `every row of a store of the first version is kept`() async throws {
        try await withOldStore { path in
            let before = try Self.dump(path)
            #expect(before.allSatisfy { !$0.isEmpty })
            try await SQLiteStore(path: path).close()
            #expect(try Self.dump(path) == before)
            try checkSoundness(ofStoreAt: path)
            let shell = try Shell(path)
            // Delivery 9 and job 8 were deleted before anybody counted.
            #expect(
                try shell.strings(
                    """
                    SELECT schema, pruned_deliveries, skipped_deliveries, pruned_jobs, skipped_jobs
                    FROM store
                    """
                ) == ["\(MigrationPlan.current.newest)|0|1|0|1"]
            )
            #expect(
                try shell.strings("SELECT delivery FROM routing WHERE body_pruned = 1") == ["8"]
            )
            #expect(
                try shell.strings("SELECT id, batch, not_before, tries FROM replay_request")
                    == ["1|1|100|0", "2|2|200|0", "3|3|300|0"]
            )
            #expect(try shell.strings("SELECT id FROM job WHERE parked IS NOT NULL").isEmpty)
            try shell.close()
        }
    }

    @Test
    func `what was under way goes on`() async throws {
        try await withOldStore { path in
            let clock = TestClock(bootID: "old boot")
            let store = try SQLiteStore(path: path, clocks: clock.clocks)
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            // The leased job ends under its old token, which frees its lane.
            let worker = WorkerID(rawValue: "old")
            let token = AttemptToken(job: JobID(rawValue: 4), attempt: 1)
            _ = try await store.extend([token], worker: worker)
            #expect(try await queue.end(token, .done, by: worker) == .written(.done))
            let claimed = try await queue.claim().map(\.token.job.rawValue)
            #expect(Set(claimed) == [5, 7])
            // The delayed one keeps its time.
            #expect(try await store.nextDue() == Timestamp(rawValue: 1_800_000_000_000_000))
            #expect(try await queue.requeue([JobID(rawValue: 1)]) == [JobID(rawValue: 1)])

            let waiting = try await store.waitingToBeRouted(atMost: 9).map(\.target)
            #expect(waiting == [.delivery(DeliverySeq(rawValue: 7))])
            #expect(try await store.decide([queue.ignored(waiting[0])]) != .stale)
            let replays = try await store.waitingToBeRouted(atMost: 9).map(\.target)
            #expect(replays == [.replay(id: 3, of: DeliverySeq(rawValue: 2))])
            let again = try await store.decide([queue.routed(replays[0], [.sample()])])
            #expect(again.jobs == [JobID(rawValue: 9)])
            #expect(try await queue.replay(DeliverySeq(rawValue: 2)).id == 4)
            #expect(try await queue.accept() == [DeliverySeq(rawValue: 10)])
            try await store.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `a migration that is cut off anywhere leaves the old store, which is then upgraded`()
        async throws
    {
        let migration = Migrations.all[1]
        try await withOldStore { path in
            let before = try Self.dump(path)
            let schema = try Self.schema(path)
            var cut = 1
            var isCut = true
            while isCut {
                let connection = try Connection.open(path)
                isCut = try Self.run(migration.sql, statements: cut, on: connection)
                try connection.close()
                #expect(try Self.dump(path) == before, "cut after \(cut) statements")
                #expect(try Self.schema(path) == schema, "cut after \(cut) statements")
                cut += 3
            }
            #expect(cut > 30)
            try await SQLiteStore(path: path).close()
            #expect(try Self.dump(path) == before)
            try checkSoundness(ofStoreAt: path)
        }
    }

    @Test
    func `the pauses of a store of the second version stay in force, and a lane can be paused`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let connection = try Connection.open(path)
            try MigrationPlan(migrations: Array(Migrations.all.prefix(2)))
                .apply(to: connection, path: path, now: TestClock().now)
            try connection.close()
            let shell = try Shell(path)
            try shell.run(
                """
                INSERT INTO pause (kind, name, reason, paused_at)
                VALUES ('handler', 'h', 'why', 7), ('route', 'r', NULL, 8)
                """
            )
            try shell.close()
            let store = try SQLiteStore(path: path)
            #expect(
                try await store.pauses() == [
                    Pause(
                        target: .handler(HandlerName(rawValue: "h")),
                        reason: "why",
                        since: Timestamp(rawValue: 7)
                    ),
                    Pause(target: .route("r"), reason: nil, since: Timestamp(rawValue: 8)),
                ]
            )
            #expect(try await store.pause(.lane("l"), reason: nil))
            try await store.close()
            try checkSoundness(ofStoreAt: path)
        }
    }

    private struct CutOff: Error {}

    /// Runs the first statements of a migration in a transaction that is never committed, as when
    /// the process is killed.
    ///
    /// - Returns: whether there was more.
    private static func run(
        _ sql: String,
        statements count: Int,
        on connection: DatabaseQueue
    ) throws -> Bool {
        var isCut = false
        do {
            try connection.inDatabase { database in
                try database.inTransaction(.immediate) {
                    let statements = try database.allStatements(sql: sql)
                    var done = 0
                    while let statement = try statements.next() {
                        if done == count {
                            isCut = true
                            break
                        }
                        try statement.execute()
                        done += 1
                    }
                    throw CutOff()
                }
            }
        } catch is CutOff {}
        return isCut
    }

    // MARK: The old store

    private func withOldStore(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/queue.db"
            let connection = try Connection.open(path)
            try MigrationPlan(migrations: [Migrations.all[0]])
                .apply(to: connection, path: path, now: TestClock().now)
            try connection.close()
            let shell = try Shell(path)
            try shell.run(Self.rows)
            try shell.close()
            try await body(path)
        }
    }

    /// Deliveries 1 to 5 are routed, with a job in every state; 6 is ignored, 7 waits, 8 is
    /// pruned, 9 and job 8 are gone.
    ///
    /// Of the replays one made a job, one made none, one waits.
    private static let rows = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
        INSERT INTO delivery (source, delivery_id, event, event_type, received_at, remote,
            content_type, headers, verified_by, body)
        SELECT 'default', 'old-' || i, 'push', 'push', i, '127.0.0.1', 'application/json',
            '{}', iif(i = 2, NULL, 'key'), x'7b7d'
        FROM n;
        INSERT INTO routing (delivery, verdict, reason, payload_sha256, decision, decided_at)
        SELECT seq, 'routed', NULL, 'sha-' || seq, '{"a":1}', seq FROM delivery WHERE seq <= 5;
        INSERT INTO routing (delivery, verdict, reason, decided_at)
        VALUES (6, 'ignored', 'no route', 6), (8, 'malformed', 'no JSON', 8), (9, 'ignored', 'n', 9);
        INSERT INTO routing (delivery, tries) VALUES (7, 0);
        INSERT INTO delivery_repeat (delivery, count, last_at) VALUES (1, 2, 5);
        INSERT INTO incident (kind, source, subject, detail, first_at, last_at)
        VALUES ('body_too_large', 'default', 'x', 'y', 1, 2);
        INSERT INTO worker (id, host, pid, version, boot, started_at, heartbeat_at)
        VALUES ('old', 'host', 1, '0', 'old boot', 1, 2);

        INSERT INTO replay_request (delivery, requested_at, verdict, reason, decided_at)
        VALUES (1, 100, 'routed', NULL, 101), (2, 200, 'ignored', 'no route', 201);
        INSERT INTO replay_request (delivery, requested_at) VALUES (2, 300);

        INSERT INTO job (delivery, route, handler, repo, lane, run_at, created_at)
        VALUES (1, 'route', 'h', 'o/r', NULL, 1, 1), (2, 'route', 'h', 'o/r', NULL, 1, 1),
            (3, 'route', 'h', 'o/r', NULL, 1, 1), (4, 'route', 'h', 'o/r', 'l', 1, 1),
            (5, 'route', 'h', 'o/r', 'l', 1, 1);
        INSERT INTO job (delivery, route, handler, repo, run_at, created_at)
        VALUES (5, 'other', 'h', 'o/r', 1800000000000000, 1);
        INSERT INTO job (delivery, route, handler, repo, run_at, created_at, replay, replay_of)
        VALUES (1, 'route', 'h', 'o/r', 1, 1, 1, 1);
        INSERT INTO job (delivery, route, handler, run_at, created_at)
        VALUES (5, 'gone', 'h', 1, 1);
        UPDATE job SET state = 'leased', attempt = 1, worker = 'old', lease_until = 9999,
            lease_boot = 'old boot'
        WHERE id IN (1, 2, 4);
        INSERT INTO attempt (job, number, worker, started_at) VALUES (1, 1, 'old', 1),
            (2, 1, 'old', 1), (4, 1, 'old', 1);
        UPDATE attempt SET outcome = 'dead', ended_at = 2, exit_code = 64, error = 'e'
        WHERE job = 1;
        UPDATE attempt SET outcome = 'done', ended_at = 2, exit_code = 0 WHERE job = 2;
        INSERT INTO attempt_output (attempt, bytes, output) VALUES (1, 3, x'616263');
        UPDATE job SET state = 'dead', reason = 'exit code 64', failures = 1, finished_at = 2,
            worker = NULL, lease_until = NULL, lease_boot = NULL
        WHERE id = 1;
        UPDATE job SET state = 'done', finished_at = 2, worker = NULL, lease_until = NULL,
            lease_boot = NULL
        WHERE id = 2;
        UPDATE job SET state = 'cancelled', reason = 'asked', finished_at = 2 WHERE id IN (3, 8);
        DELETE FROM job WHERE id = 8;

        UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 10 WHERE seq IN (8, 9);
        DELETE FROM routing WHERE delivery = 9;
        DELETE FROM delivery WHERE seq = 9
        """

    private static func dump(_ path: String) throws -> [[String]] {
        let shell = try Shell(path)
        let rows = try dumps.map { try shell.strings($0) }
        try shell.close()
        return rows
    }

    private static func schema(_ path: String) throws -> [String] {
        let shell = try Shell(path)
        let rows = try shell.strings("SELECT name, sql FROM sqlite_schema ORDER BY type, name")
        try shell.close()
        return rows
    }
}
