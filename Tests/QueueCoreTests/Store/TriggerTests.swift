import Foundation
import QueueCore
import TestSupport
import Testing

/// A person with `sqlite3` in hand, who has foreign keys off and every right to write.
@Suite
struct TriggerTests {
    // MARK: States

    /// One job in each state, by id; each in the columns that its state asks for.
    private static let jobs: [(state: JobState, id: Int)] = [
        (.dead, 1), (.done, 2), (.cancelled, 3), (.leased, 4), (.ready, 5),
    ]

    private static let allowed: Set<[JobState]> = [
        [.ready, .leased], [.ready, .cancelled], [.leased, .ready], [.leased, .done],
        [.leased, .dead], [.leased, .cancelled], [.dead, .ready],
    ]

    private static func columns(of state: JobState, claims: Bool) -> String {
        switch state {
        case .ready:
            "worker = NULL, lease_until = NULL, lease_boot = NULL, finished_at = NULL"
        case .leased:
            "worker = 'w1', lease_until = 1, lease_boot = 'b', finished_at = NULL, attempt = "
                + (claims ? "attempt + 1" : "max(attempt, 0)")
        case .done, .dead, .cancelled:
            "worker = NULL, lease_until = NULL, lease_boot = NULL, finished_at = 1, reason = 'r'"
        }
    }

    static let transitions: [(from: JobState, to: JobState)] = JobState.allCases.flatMap { from in
        JobState.allCases.map { (from, $0) }.filter { $0 != $1 }
    }

    @Test(arguments: transitions)
    func `a job changes its state as documented, and not otherwise`(
        from: JobState,
        to: JobState
    ) async throws {
        try await withEveryState { shell in
            let id = try #require(Self.jobs.first { $0.state == from }?.id)
            let isAllowed = Self.allowed.contains([from, to])
            let columns = Self.columns(of: to, claims: isAllowed)
            let sql = "UPDATE job SET state = '\(to.rawValue)', \(columns) WHERE id = \(id)"
            if isAllowed, from == .leased {
                try expectRefusal(of: sql, saying: "cancel_requested = 1", by: shell)
                let end = "UPDATE attempt SET ended_at = 1, outcome = 'lost' WHERE job = \(id)"
                try shell.tryOut("\(end); \(sql)")
            } else if isAllowed {
                try shell.tryOut(sql)
            } else {
                try expectRefusal(of: sql, saying: "a job goes ready > leased", by: shell)
            }
        }
    }

    // MARK: Statements

    /// Refused, with what is said.
    ///
    /// Delivery 1 has a dead job, 6 waits, 7 is ignored; of the jobs 1 is dead, 2 done, 3
    /// cancelled, 4 leased and 5 ready.
    static let refused: [(String, String)] = [
        // Deliveries are written once.
        ("UPDATE delivery SET body = x'00' WHERE seq = 1", "deliveries never change"),
        ("UPDATE delivery SET body = NULL WHERE seq = 1", "deliveries never change"),
        ("UPDATE delivery SET seq = 99 WHERE seq = 1", "deliveries never change"),
        ("UPDATE delivery SET delivery_id = 'x' WHERE seq = 1", "deliveries never change"),
        ("UPDATE delivery SET verified_by = NULL WHERE seq = 1", "deliveries never change"),
        ("UPDATE delivery SET received_at = 0 WHERE seq = 1", "deliveries never change"),
        (
            """
            UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1, event = 'x'
            WHERE seq = 1
            """, "deliveries never change"
        ),
        (insertDelivery("INSERT", seq: 1, id: "new"), "delivery exists"),
        (insertDelivery("REPLACE", seq: 1, id: "new"), "delivery exists"),
        (insertDelivery("REPLACE", seq: nil, id: "delivery-1"), "delivery exists"),
        (insertDelivery("INSERT OR REPLACE", seq: 99, id: "delivery-1"), "delivery exists"),
        (insertDelivery("INSERT", seq: 99, id: "new"), "has a seq of its own"),
        (insertDelivery("INSERT", seq: 0, id: "new"), "has a seq of its own"),
        (insertDelivery("INSERT", seq: -1, id: "new"), "has a seq of its own"),
        (insertDelivery("INSERT", seq: -7, id: "new"), "has a seq of its own"),
        (pruneBody(4), "its body is needed"),
        (pruneBody(5), "its body is needed"),
        (pruneBody(6), "its body is needed"),
        ("INSERT INTO replay (delivery) VALUES (2); \(pruneBody(2))", "its body is needed"),
        ("DELETE FROM delivery WHERE seq = 1", "delivery has routing, replays or jobs"),
        ("DELETE FROM delivery WHERE seq = 6", "delivery has routing, replays or jobs"),
        ("DELETE FROM delivery WHERE seq = 7", "delivery has routing, replays or jobs"),
        // Routing is decided once.
        ("UPDATE routing SET verdict = 'ignored', reason = 'r' WHERE delivery = 1", "is decided"),
        ("UPDATE routing SET verdict = NULL, decided_at = NULL WHERE delivery = 7", "is decided"),
        ("DELETE FROM routing WHERE delivery = 6", "nothing accepted may disappear"),
        ("INSERT INTO routing (delivery) VALUES (99)", "routing needs a delivery"),
        ("REPLACE INTO routing (delivery) VALUES (1)", "routing needs a delivery"),
        (
            "UPDATE routing SET verdict = 'odd', decided_at = 1 WHERE delivery = 6",
            "verdict_is_known"
        ),
        (
            "UPDATE routing SET verdict = 'ignored', decided_at = 1 WHERE delivery = 6",
            "other_verdicts_say_why"
        ),
        (
            "UPDATE routing SET verdict = 'routed' WHERE delivery = 6", "decided_rows_say_when"
        ),
        // Jobs.
        (insertJob("INSERT", "NULL", "99"), "a new job belongs to a delivery"),
        (insertJob("INSERT", "1", "1"), "a new job belongs to a delivery"),
        (insertJob("REPLACE", "4", "1"), "a new job belongs to a delivery"),
        // Ids of one's own choice: one could step in front of a lane's running job.
        (insertJob("INSERT", "77", "1"), "gets its id from the store"),
        (insertJob("INSERT", "0", "1"), "gets its id from the store"),
        (insertJob("INSERT", "-1", "1"), "gets its id from the store"),
        (insertJob("INSERT", "-7", "1"), "gets its id from the store"),
        (insertJob("INSERT", "NULL", "1", state: "done"), "a new job belongs to a delivery"),
        (insertJob("INSERT", "NULL", "1", attempt: 1), "a new job belongs to a delivery"),
        ("UPDATE job SET id = 99 WHERE id = 5", "never change"),
        ("UPDATE job SET delivery = 2 WHERE id = 5", "never change"),
        ("UPDATE job SET route = 'x' WHERE id = 5", "never change"),
        ("UPDATE job SET lane = NULL WHERE id = 4", "never change"),
        ("UPDATE job SET lane = 'x' WHERE id = 1", "never change"),
        ("DELETE FROM job WHERE id = 5", "this job is live or has attempts"),
        ("DELETE FROM job WHERE id = 4", "this job is live or has attempts"),
        ("DELETE FROM job WHERE id = 1", "this job is live or has attempts"),
        ("UPDATE job SET attempt = 0 WHERE id = 4", "attempt fences stale workers"),
        ("UPDATE job SET attempt = attempt + 1 WHERE id = 4", "attempt fences stale workers"),
        ("UPDATE job SET attempt = attempt + 1 WHERE id = 5", "attempt fences stale workers"),
        ("UPDATE job SET attempt = attempt + 1 WHERE id = 1", "attempt fences stale workers"),
        (
            """
            UPDATE job SET state = 'leased', worker = 'w1', lease_until = 1, lease_boot = 'b',
                attempt = attempt + 2
            WHERE id = 5
            """, "attempt"
        ),
        (
            """
            UPDATE job SET state = 'leased', worker = 'w1', lease_until = 1, lease_boot = 'b'
            WHERE id = 5
            """, "attempt = attempt + 1"
        ),
        (
            "UPDATE job SET state = 'leased', attempt = attempt + 1 WHERE id = 5",
            "leased_jobs_have_a_lease"
        ),
        ("UPDATE job SET worker = 'w1' WHERE id = 5", "leased_jobs_have_a_lease"),
        ("UPDATE job SET worker = NULL WHERE id = 4", "leased_jobs_have_a_lease"),
        ("UPDATE job SET finished_at = 1 WHERE id = 5", "ended_jobs_say_when"),
        ("UPDATE job SET finished_at = NULL WHERE id = 2", "ended_jobs_say_when"),
        ("UPDATE job SET reason = NULL WHERE id = 1", "buried_jobs_say_why"),
        (
            "UPDATE job SET state = 'cancelled', finished_at = 1 WHERE id = 5",
            "buried_jobs_say_why"
        ),
        ("UPDATE job SET blocked = 2 WHERE id = 5", "blocked follows from the lane"),
        ("UPDATE job SET blocked = 1 WHERE id = 5", "blocked follows from the lane"),
        ("UPDATE job SET failures = -1 WHERE id = 5", "failures_count_up"),
        ("UPDATE job SET losses = -1 WHERE id = 5", "losses_count_up"),
        ("UPDATE routing SET delivery = 99 WHERE delivery = 1", "stays with its delivery"),
        ("DELETE FROM routing WHERE delivery = 1", "nothing accepted may disappear"),
        ("DELETE FROM attempt WHERE job = 4", "attempts of a live job are kept"),
        ("UPDATE attempt SET job = 5 WHERE job = 4", "an attempt stays with its job"),
        (
            "INSERT INTO delivery_repeat (delivery, count, last_at) VALUES (999, 1, 1)",
            "a repeat belongs to a delivery"
        ),
        (
            "INSERT INTO attempt_output (attempt, bytes, output) VALUES (999, 1, x'00')",
            "output belongs to an attempt"
        ),
        (
            "INSERT OR REPLACE INTO worker SELECT * FROM worker LIMIT 1",
            "worker ids are never used again"
        ),
        ("UPDATE job SET \"with\" = '{' WHERE id = 5", "with_is_json"),
        ("UPDATE job SET run_at = 'soon' WHERE id = 5", "job.run_at"),
        // Attempts.
        (insertAttempt("INSERT", id: "NULL", job: 99, number: 1), "an attempt belongs to a job"),
        (insertAttempt("INSERT", id: "NULL", job: 1, number: 1), "an attempt belongs to a job"),
        (insertAttempt("REPLACE", id: "NULL", job: 1, number: 1), "an attempt belongs to a job"),
        (insertAttempt("REPLACE", id: "1", job: 1, number: 9), "an attempt belongs to a job"),
        (insertAttempt("INSERT", id: "NULL", job: 1, number: 0), "an attempt belongs to a job"),
        ("UPDATE attempt SET outcome = 'done' WHERE job = 1", "stays with its job and ends once"),
        ("UPDATE attempt SET error = 'x' WHERE job = 1", "stays with its job and ends once"),
        (
            "UPDATE attempt SET outcome = 'odd', ended_at = 1 WHERE job = 4", "outcome_is_known"
        ),
        (
            "UPDATE attempt SET outcome = 'done' WHERE job = 4",
            "ended_attempts_have_an_outcome"
        ),
        // Workers.
        ("DELETE FROM worker WHERE id = 'w1'", "this worker has leased jobs"),
        // Replays and requeues.
        ("INSERT INTO replay (delivery) VALUES (99)", "no delivery has this seq or id"),
        ("INSERT INTO replay (delivery) VALUES ('nobody')", "no delivery has this seq or id"),
        ("INSERT INTO replay (delivery) VALUES (NULL)", "no delivery has this seq or id"),
        ("INSERT INTO replay (delivery) VALUES ('both')", "several sources"),
        (
            """
            INSERT INTO replay_request (delivery, batch, requested_at, not_before)
            VALUES (99, 1, 0, 0)
            """, "no such delivery"
        ),
        ("INSERT INTO replay (delivery) VALUES ('pruned')", "its body is pruned"),
        ("\(pruneBody(1)); INSERT INTO requeue (job) VALUES (1)", "delivery is pruned"),
        (
            "\(pruneBody(1)); UPDATE job SET state = 'ready', finished_at = NULL WHERE id = 1",
            "delivery is pruned"
        ),
        ("INSERT INTO requeue (job) VALUES (2)", "no such dead job"),
        ("INSERT INTO requeue (job) VALUES (3)", "no such dead job"),
        ("INSERT INTO requeue (job) VALUES (4)", "no such dead job"),
        ("INSERT INTO requeue (job) VALUES (5)", "no such dead job"),
        ("INSERT INTO requeue (job) VALUES (99)", "no such dead job"),
        ("INSERT INTO requeue (job) VALUES (NULL)", "no such dead job"),
        // Discarding.
        ("INSERT INTO discard (job) VALUES (3)", "no such dead job"),
        ("INSERT INTO discard (job) VALUES (5)", "no such dead job"),
        ("INSERT INTO discard (job) VALUES (NULL)", "no such dead job"),
        (
            "INSERT INTO discard (job) VALUES (1); INSERT INTO discard (job) VALUES (1)",
            "no such dead job"
        ),
        (
            "INSERT INTO discard (job) VALUES (1); INSERT INTO requeue (job) VALUES (1)",
            "INSERT INTO undiscard"
        ),
        ("INSERT INTO undiscard (job) VALUES (1)", "no such discarded job"),
        ("INSERT INTO undiscard (job) VALUES (3)", "no such discarded job"),
        ("UPDATE job SET died_at = 1 WHERE id = 3", "died_at is set by itself"),
        ("UPDATE job SET died_at = 1 WHERE id = 1", "died_at is set by itself"),
        (
            "INSERT INTO discard (job) VALUES (1); UPDATE job SET died_at = NULL WHERE id = 1",
            "died_at is set by itself"
        ),
        (
            """
            INSERT INTO discard (job) VALUES (1);
            UPDATE job SET state = 'dead', died_at = NULL, finished_at = 7 WHERE id = 1
            """, "a job goes ready > leased"
        ),
        (
            "UPDATE job SET state = 'dead', finished_at = NULL WHERE id = 3",
            "a job goes ready > leased"
        ),
        (
            """
            UPDATE job SET state = 'cancelled', reason = 'r', finished_at = 1, died_at = 1
            WHERE id = 1
            """, "a job goes ready > leased"
        ),
    ]

    private static func pruneBody(_ seq: Int) -> String {
        "UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1 WHERE seq = \(seq)"
    }

    private static func insertDelivery(_ verb: String, seq: Int?, id: String) -> String {
        """
        \(verb) INTO delivery (seq, source, delivery_id, event, event_type, received_at, remote,
            content_type, body)
        VALUES (\(seq.map(String.init) ?? "NULL"), 'default', '\(id)', 'push', 'push', 0, '', '',
            x'')
        """
    }

    private static func insertJob(
        _ verb: String,
        _ id: String,
        _ delivery: String,
        state: String = "ready",
        attempt: Int = 0
    ) -> String {
        """
        \(verb) INTO job (id, delivery, route, handler, run_at, created_at, state, attempt,
            finished_at)
        VALUES (\(id), \(delivery), 'r', 'h', 0, 0, '\(state)', \(attempt),
            \(state == "done" ? "1" : "NULL"))
        """
    }

    private static func insertAttempt(
        _ verb: String,
        id: String,
        job: Int,
        number: Int
    ) -> String {
        """
        \(verb) INTO attempt (id, job, number, worker, started_at)
        VALUES (\(id), \(job), \(number), 'w1', 0)
        """
    }

    @Test(arguments: refused)
    func `a statement that would break the queue is refused and says why`(
        sql: String,
        message: String
    ) async throws {
        try await withEveryState { shell in
            try expectRefusal(of: sql, saying: message, by: shell)
        }
    }

    @Test(arguments: ["recursive_triggers", "foreign_keys"])
    func `what is refused does not hang on the shell's settings`(pragma: String) async throws {
        try await withEveryState { shell in
            try shell.run("PRAGMA \(pragma) = ON")
            for (sql, _) in Self.refused {
                #expect(throws: (any Error).self, "\(sql)") { try shell.tryOut(sql) }
            }
        }
    }

    // MARK: What people may do

    static let permitted: [(String, check: String, gives: [String])] = [
        (
            "INSERT INTO replay (delivery) VALUES (1)",
            "SELECT delivery, verdict IS NULL FROM replay", ["1|1"]
        ),
        (
            "INSERT INTO replay (delivery) VALUES ('delivery-2')",
            "SELECT delivery FROM replay", ["2"]
        ),
        (
            "INSERT INTO requeue (job) VALUES (1)",
            "SELECT state, failures, reason, finished_at, blocked, attempt FROM job WHERE id = 1",
            ["ready|0|||0|1"]
        ),
        (
            "INSERT INTO discard (job) VALUES (1)",
            """
            SELECT state, reason, died_at < finished_at, (SELECT count(*) FROM dead_letters),
                (SELECT count(*) FROM attempt WHERE job = 1)
            FROM job WHERE id = 1
            """, ["cancelled|discarded: broken|1|0|1"]
        ),
        (
            """
            INSERT INTO discard (job) SELECT job FROM dead_letters;
            INSERT INTO undiscard (job) SELECT job FROM undiscard
            """, "SELECT state, reason, died_at IS NULL FROM job WHERE id = 1", ["dead|broken|1"]
        ),
        (
            "INSERT INTO requeue SELECT job FROM dead_letters",
            "SELECT count(*) FROM dead_letters", ["0"]
        ),
        (
            "UPDATE job SET state = 'cancelled', reason = 'r', finished_at = 1 WHERE id = 5",
            "SELECT state, blocked FROM job WHERE id = 5", ["cancelled|0"]
        ),
        (
            "UPDATE job SET cancel_requested = 1 WHERE id = 4",
            "SELECT cancel_requested FROM running", ["1"]
        ),
        (
            "UPDATE job SET priority = 5, run_at = 0 WHERE id = 5",
            "SELECT priority FROM job WHERE id = 5", ["5"]
        ),
        (
            "UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1 WHERE seq = 2",
            "SELECT body IS NULL, body_pruned FROM delivery JOIN routing ON delivery = seq "
                + "WHERE seq = 2", ["1|1"]
        ),
        (
            "INSERT INTO pause (kind) VALUES ('everything')",
            "SELECT kind, name, jobs FROM paused", ["everything||1"]
        ),
        (
            "INSERT INTO pause (kind, name) VALUES ('handler', 'h'), ('route', 'route')",
            "SELECT kind, name, jobs, since > '2020' FROM paused",
            ["handler|h|1|1", "route|route|1|1"]
        ),
        (
            """
            UPDATE job SET parked = 'delayed' WHERE id = 5;
            UPDATE job SET state = 'cancelled', reason = 'r', finished_at = 1 WHERE id = 5
            """, "SELECT state, parked IS NULL FROM job WHERE id = 5", ["cancelled|1"]
        ),
        (
            "DELETE FROM attempt WHERE job IN (2, 3); DELETE FROM job WHERE id IN (2, 3)",
            "SELECT pruned_jobs, pruned_deliveries FROM store", ["2|0"]
        ),
        (
            """
            DELETE FROM attempt WHERE job = 2;
            DELETE FROM job WHERE id = 2;
            UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1 WHERE seq = 2;
            DELETE FROM routing WHERE delivery = 2;
            DELETE FROM delivery WHERE seq = 2
            """, "SELECT pruned_jobs, pruned_deliveries FROM store", ["1|1"]
        ),
    ]

    @Test(arguments: permitted)
    func `what people may do works with a shell`(
        sql: String,
        check: String,
        gives expected: [String]
    ) async throws {
        try await withEveryState { shell in
            try shell.run(sql)
            #expect(try shell.strings(check) == expected)
        }
    }

    @Test
    func `a job cancelled by hand frees its lane, one requeued by hand waits its turn`()
        async throws
    {
        try await withQueueAndShell { queue, shell in
            let jobs = try await queue.add((0..<3).map { _ in .sample(lane: "l") })
            try shell.run(
                "UPDATE job SET state = 'cancelled', reason = 'r', finished_at = 1 WHERE id = 1"
            )
            let token = try await queue.claimOne()
            #expect(token.job == jobs[1])
            try await queue.end(token, .dead(reason: "broken"))
            let last = try await queue.claimOne()
            try shell.run("INSERT INTO requeue (job) VALUES (2)")
            queue.clock.advance(by: .seconds(86_400 * 365 * 100))
            #expect(try await queue.claim().isEmpty)
            try await queue.end(last, .done)
            #expect(try await queue.claimOne().job == jobs[1])
        }
    }

    @Test
    func `priority goes first in a group, but not in a lane`() async throws {
        try await withQueueAndShell { queue, shell in
            _ = try await queue.add([
                .sample(), .sample(), .sample(), .sample(lane: "l"), .sample(lane: "l"),
            ])
            try shell.run("UPDATE job SET priority = id")
            let claimed = try await queue.claim().map(\.token.job.rawValue)
            #expect(claimed == [4, 3, 2, 1])
        }
    }

    @Test
    func `a job of a high priority that is not due hides none of a lower one`() async throws {
        try await withQueueAndShell { queue, shell in
            _ = try await queue.add([.sample(), .sample(), .sample()])
            try shell.run(
                "UPDATE job SET priority = id, run_at = CASE WHEN id = 1 THEN 0 ELSE run_at * 2 END"
            )
            #expect(try await queue.claim().map(\.token.job.rawValue) == [1])
        }
    }

    @Test
    func `a cancel that was asked for by hand keeps a job from running again`() async throws {
        try await withQueueAndShell { queue, shell in
            let jobs = try await queue.add((0..<5).map { _ in .sample() })
            let tokens = try await queue.claim().map(\.token)
            try shell.run("UPDATE job SET cancel_requested = 1")
            let kept = try await queue.store.extend(tokens, worker: TestQueue.first)
            #expect(kept.cancelRequested == Set(tokens))
            #expect(kept.lost.isEmpty)
            let outcomes: [Outcome] = [
                .retry(after: .zero), .snooze(for: .zero), .released, .done, .dead(reason: "r"),
            ]
            for (token, outcome) in zip(tokens, outcomes) { try await queue.end(token, outcome) }
            let states: [JobState] = [.cancelled, .cancelled, .cancelled, .done, .dead]
            for (job, expected) in zip(jobs, states) {
                #expect(try await queue.state(job) == expected)
            }
            #expect(try await queue.row(jobs[0])["reason"] == .text("cancelled by an operator"))
            #expect(try await queue.attempts(jobs[0])[0]["outcome"] == .text("cancelled"))
        }
    }

    @Test
    func `a pruned delivery is still known by its id, and cannot be replayed`() async throws {
        try await withQueueAndShell { queue, shell in
            let job = try await queue.addDead()
            try shell.run(
                "UPDATE delivery SET body = NULL, headers = NULL, body_pruned_at = 1"
            )
            let seq = DeliverySeq(rawValue: 1)
            let other = Delivery.sample(id: "delivery-1", body: "other")
            #expect(try await queue.store.accept { [other] } == [.duplicate(seq)])
            await #expect(throws: StoreError.self) { try await queue.replay(seq) }
            let requeued = try await queue.store.requeue([job], pace: Pace(start: queue.clock.now))
            #expect(requeued == [.bodyPruned])
            #expect(try await queue.store.body(of: seq) == nil)
        }
    }
}
