import Foundation
import GRDB
import QueueCore

/// Names that the filling and the claims agree on.
enum Names {
    static func handler(_ number: Int) -> HandlerName {
        HandlerName(rawValue: "bench-\(number)")
    }

    static let route = "bench"
    static let source = "bench"
}

/// Ready jobs to be made by the thousand, each with its routed delivery.
///
/// Made through the store's own triggers, so that whatever a schema derives from a live job is
/// derived here too.
struct ReadyJobs {
    var count: Int
    var bodyBytes = 64
    var handlers = 1
    /// Repositories over which the jobs are spread.
    var groups = 1
    var repo = "bench/ready"
    var lane: String?
    /// From now until they are due.
    var delay = Duration.zero

    func insert(into database: Database) throws {
        let first = try Numbering.next(of: "delivery", in: database)
        let now = Clocks.system.now()
        try database.execute(
            sql: Numbering.insertDeliveries,
            arguments: [
                "count": count, "key": "ready-\(first)-", "at": now.rawValue, "step": 0,
                "padding": String(repeating: "x", count: max(0, bodyBytes - 22)),
            ]
        )
        try database.execute(
            sql: Numbering.insertRouting,
            arguments: [
                "count": count, "first": first, "at": now.rawValue, "step": 0,
            ]
        )
        try database.execute(
            sql: Self.insertJobs,
            arguments: [
                "count": count, "first": first, "handlers": handlers, "groups": groups,
                "repo": repo,
                "lane": lane, "due": (now + delay).rawValue, "now": now.rawValue,
            ]
        )
    }

    private static let insertJobs = """
        \(Numbering.counter)
        INSERT INTO job (delivery, route, handler, repo, lane, run_at, created_at)
        SELECT :first + n, 'bench', 'bench-' || (n % :handlers),
            :repo || '-' || (n / :handlers % :groups), :lane, :due, :now
        FROM counter
        """
}

/// Jobs that ended long ago, with all that they leave behind.
///
/// No statement may make a job that is done, so the triggers stand aside; nothing is derived from
/// such a job but what its indexes hold.
struct FinishedJobs {
    var count: Int

    func insert(into database: Database) throws {
        try withoutTriggers(in: database) {
            let delivery = try Numbering.next(of: "delivery", in: database)
            let job = try Numbering.next(of: "job", in: database)
            // Evenly over the last three weeks: younger than anything that would be pruned.
            let step = Int64(21 * 24 * 3600) * 1_000_000 / Int64(max(1, count))
            let begin = Clocks.system.now().rawValue - step * Int64(count)
            try database.execute(
                sql: Numbering.insertDeliveries,
                arguments: [
                    "count": count, "key": "finished-\(delivery)-", "at": begin, "step": step,
                    "padding": "",
                ]
            )
            try database.execute(
                sql: Numbering.insertRouting,
                arguments: [
                    "count": count, "first": delivery, "at": begin, "step": step,
                ]
            )
            try database.execute(
                sql: Self.insertJobs,
                arguments: [
                    "count": count, "first": delivery, "at": begin, "step": step,
                ]
            )
            try database.execute(
                sql: Self.insertAttempts,
                arguments: [
                    "count": count, "first": job, "at": begin, "step": step,
                ]
            )
        }
    }

    private func withoutTriggers(in database: Database, _ change: () throws -> Void) throws {
        let triggers = try Row.fetchAll(
            database,
            sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid"
        )
        for trigger in triggers {
            try database.execute(sql: "DROP TRIGGER \"\(trigger["name"] as String)\"")
        }
        try change()
        for trigger in triggers { try database.execute(sql: trigger["sql"]) }
    }

    private static let insertJobs = """
        \(Numbering.counter)
        INSERT INTO job (
            delivery, route, handler, repo, run_at, state, attempt, created_at, finished_at)
        SELECT :first + n, 'bench', 'bench-0', 'bench/ready-' || (n % 1000), :at + n * :step,
            'done', 1, :at + n * :step, :at + n * :step + 2000
        FROM counter
        """

    private static let insertAttempts = """
        \(Numbering.counter)
        INSERT INTO attempt (job, number, worker, started_at, ended_at, outcome, exit_code)
        SELECT :first + n, 1, 'w0benchmark', :at + n * :step + 1000, :at + n * :step + 2000,
            'done', 0
        FROM counter
        """
}

/// Rows numbered in a row: the store gives ids, and within one transaction they are consecutive.
private enum Numbering {
    /// Row n of a filling, from 0, belongs to id `next + n`.
    static func next(of table: String, in database: Database) throws -> Int64 {
        let last = try Int64.fetchOne(
            database,
            sql: "SELECT seq FROM sqlite_sequence WHERE name = ?",
            arguments: [table]
        )
        return (last ?? 0) + 1
    }

    static let counter = """
        WITH RECURSIVE counter (n) AS (
            SELECT 0 WHERE :count > 0 UNION ALL SELECT n + 1 FROM counter WHERE n + 1 < :count)
        """

    static let insertDeliveries = """
        \(counter)
        INSERT INTO delivery (
            source, delivery_id, event, event_type, received_at, remote, content_type, headers,
            verified_by, body)
        SELECT 'bench', :key || printf('%09d', n), 'push', 'push', :at + n * :step, '127.0.0.1',
            'application/json', '{}', 'bench',
            CAST(printf('{"n":%9d,"x":"', n) || :padding || '"}' AS BLOB)
        FROM counter
        """

    static let insertRouting = """
        \(counter)
        INSERT INTO routing (delivery, verdict, decision, decided_at)
        SELECT :first + n, 'routed', '{}', :at + n * :step + 500
        FROM counter
        """
}
