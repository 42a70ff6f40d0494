import GRDB
import GRDBSQLite
import Synchronization
import TestSupport
import Testing

@testable import QueueCore

/// The cost of what runs all the time follows the work at hand, not the backlog and not history.
@Suite
struct QueryPlanTests {
    /// Indexes of what is live: walking one of them whole costs what is live.
    private static let live: Set = [
        "routing_waiting", "replay_request_waiting", "job_leased", "job_delayed", "job_paused",
        "job_live", "job_suspect",
    ]

    /// Tables with a handful of rows.
    private static let small = [
        "SCAN pause", "SCAN sqlite_sequence", "SCAN CONSTANT ROW", "SCAN worker", "SCAN incident",
        "SCAN known", "SCAN (subquery", "SCAN clock_step",
    ]

    @Test(arguments: HotOperation.all)
    func `what runs for every delivery or job walks no table`(
        _ operation: HotOperation
    ) async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            let leased = try await HotOperation.prepare(queue)
            let statements = try await statements(of: operation, queue, store, leased)
            let shell = try Shell(path)
            var indexes: Set<String> = []
            #expect(!statements.isEmpty)
            for sql in statements {
                // A list inside of one row is no table.
                for line in try shell.plan(of: sql) where !line.contains("json_each") {
                    let index = line.split(separator: " INDEX ").dropFirst().first
                        .map { String($0.prefix { $0 != " " }) }
                    if let index { indexes.insert(index) }
                    let isFine =
                        index.map(Self.live.contains) ?? false
                        || Self.small.contains { line.hasPrefix($0) }
                    #expect(!line.contains("SCAN") || isFine, "\(line)\n\(sql)")
                    let sorts = line.contains("TEMP B-TREE") && !operation.maySort
                    #expect(!sorts, "\(line)\n\(sql)")
                }
            }
            #expect(indexes == operation.indexes)
        }
    }

    /// What SQLite is asked while an operation runs.
    private func statements(
        of operation: HotOperation,
        _ queue: TestQueue,
        _ store: SQLiteStore,
        _ leased: [AttemptToken]
    ) async throws -> Set<String> {
        let connection = await store.connection
        let seen = Mutex<[String]>([])
        try await connection.writeWithoutTransaction { database in
            database.trace(options: .statement) { event in
                guard case .statement(let statement) = event else { return }
                seen.withLock { $0.append(statement.sql) }
            }
        }
        try await operation.run(queue, leased)
        try await connection.writeWithoutTransaction { $0.trace(options: []) }
        let words = ["SELECT", "INSERT", "UPDATE", "DELETE"]
        return Set(seen.withLock { $0 }).filter { sql in words.contains { sql.hasPrefix($0) } }
    }

    // MARK: History

    /// What the plans do not show: the lookups of triggers and foreign keys.
    @Test(arguments: HotOperation.all)
    func `what runs for every delivery or job costs the same whatever has been`(
        _ operation: HotOperation
    ) async throws {
        let few = try await steps(of: operation, after: 200)
        let many = try await steps(of: operation, after: 4000)
        #expect(few > 10)
        #expect(many < few + few / 10 + 100)
    }

    /// How much SQLite's machine does for an operation after so many finished deliveries.
    private func steps(of operation: HotOperation, after count: Int) async throws -> Int {
        var steps = 0
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            let shell = try Shell(path)
            try shell.run(HotOperation.history(count))
            try shell.close()
            let leased = try await HotOperation.prepare(queue)
            let meter = StepMeter()
            let connection = await store.connection
            try await connection.writeWithoutTransaction { meter.start(on: $0) }
            try await operation.run(queue, leased)
            try await connection.writeWithoutTransaction { meter.stop(on: $0) }
            steps = meter.steps
        }
        return steps
    }

    // MARK: Lanes

    @Test
    func `a look costs the same with ten paused lanes and with two thousand`() async throws {
        let few = try await stepsOfClaim(pausedLanes: 10)
        let many = try await stepsOfClaim(pausedLanes: 2000)
        #expect(few > 30)
        #expect(many < few + 100)
    }

    /// How much SQLite's machine does for a claim that finds all lanes paused, and has seen it before.
    private func stepsOfClaim(pausedLanes count: Int) async throws -> Int {
        let meter = StepMeter()
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            _ = try await queue.add((1...count).map { .sample(lane: "lane-\($0)") })
            let shell = try Shell(path)
            try shell.run("INSERT INTO pause (kind, name) SELECT 'lane', lane FROM job")
            try shell.close()
            // A claim parks a thousand of them at most.
            for _ in 1...4 { #expect(try await queue.claim().isEmpty) }
            let connection = await store.connection
            try await connection.writeWithoutTransaction { meter.start(on: $0) }
            #expect(try await queue.claim().isEmpty)
            try await connection.writeWithoutTransaction { meter.stop(on: $0) }
            // The end of one is seen by the next look, whoever ended it.
            let hand = try Shell(path)
            try hand.run("DELETE FROM pause WHERE name = 'lane-7'")
            try hand.close()
            #expect(try await queue.claim().map(\.lane) == ["lane-7"])
        }
        return meter.steps
    }

    private static let lease = """
        UPDATE job SET state = 'leased', attempt = attempt + 1, worker = 'w1', lease_until = 1,
            lease_boot = 'b'
        WHERE id = 1
        """

    private static func end(_ state: String, _ rest: String) -> String {
        """
        UPDATE job SET state = '\(state)', worker = NULL, lease_until = NULL, lease_boot = NULL,
            \(rest)
        WHERE id = 1
        """
    }

    private static let bury = end("dead", "reason = 'r', finished_at = 1")

    /// What becomes of job 1, at the head of its lane; the last of it is measured.
    static let histories = [
        [lease], [lease, end("done", "finished_at = 1")], [lease, bury],
        [lease, end("ready", "run_at = 0")],
        [lease, bury, "UPDATE job SET state = 'ready', finished_at = NULL WHERE id = 1"],
        ["UPDATE job SET state = 'cancelled', reason = 'r', finished_at = 1 WHERE id = 1"],
    ]

    @Test(arguments: histories)
    func `a job's change of state costs the same in a lane of ten and of two thousand`(
        history: [String]
    ) async throws {
        let few = try await steps(of: history, laneOf: 10)
        let many = try await steps(of: history, laneOf: 2000)
        #expect(few > 30)
        #expect(many < few + 100)
    }

    /// How much SQLite's machine does for the last statement, triggers included.
    private func steps(of history: [String], laneOf count: Int) async throws -> Int {
        var steps = 0
        let clock = TestClock()
        try await withStore(clock: clock) { store, _ in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            _ = try await queue.add((0..<count).map { _ in .sample(lane: "l") })
            let connection = await store.connection
            steps = try await connection.writeWithoutTransaction { database in
                var steps = 0
                try database.inTransaction(.immediate) {
                    for sql in history {
                        let statement = try database.makeStatement(sql: sql)
                        try statement.execute()
                        steps = unsafe Int(
                            sqlite3_stmt_status(
                                statement.sqliteStatement,
                                SQLITE_STMTSTATUS_VM_STEP,
                                0
                            )
                        )
                    }
                    return .rollback
                }
                return steps
            }
        }
        return steps
    }
}
