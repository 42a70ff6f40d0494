import GRDB
import GRDBSQLite
import Synchronization
import TestSupport
import Testing

@testable import QueueCore

/// The cost of what runs all the time follows the work at hand, not the backlog and not history.
@Suite
struct QueryPlanTests {
    /// Something that ingress or worker does for every delivery or job, and the indexes behind it.
    struct Operation: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var indexes: Set<String>
        var run: @Sendable (TestQueue, [AttemptToken]) async throws -> Void

        init(
            _ name: String,
            _ indexes: Set<String>,
            run: @escaping @Sendable (TestQueue, [AttemptToken]) async throws -> Void
        ) {
            testDescription = name
            self.indexes = indexes
            self.run = run
        }
    }

    static let operations = [
        Operation("accept", ["sqlite_autoindex_delivery_1"]) { queue, _ in
            let batch: [Delivery] = [
                .sample(id: "a"), .sample(id: "a"), .sample(id: "a", body: "b"),
            ]
            _ = try await queue.store.accept { batch }
        },
        Operation(
            "read what waits",
            ["routing_waiting", "replay_request_waiting"]
        ) { queue, _ in
            _ = try await queue.store.waitingToBeRouted(atMost: 64)
        },
        Operation("decide", ["routing_waiting"]) { queue, _ in
            let seq = try await queue.accept()[0]
            _ = try await queue.store.decide([queue.routed(.delivery(seq), [.sample()])])
        },
        Operation(
            "decide a replay",
            ["routing_waiting", "replay_request_waiting", "job_by_delivery"]
        ) { queue, _ in
            try await queue.store.replay(DeliverySeq(rawValue: 1))
            for waiting in try await queue.store.waitingToBeRouted(atMost: 1) {
                _ = try await queue.store.decide([queue.routed(waiting.target, [.sample()])])
            }
        },
        Operation("claim", ["job_claimable", "job_leased"]) { queue, _ in
            _ = try await queue.claim(3, ["h": 9, "none": 9])
        },
        Operation("end", ["sqlite_autoindex_attempt_1"]) { queue, leased in
            for token in leased { try await queue.end(token, .retry(after: .zero)) }
        },
        Operation("extend", ["sqlite_autoindex_worker_1"]) { queue, leased in
            _ = try await queue.store.extend(leased, worker: TestQueue.first)
        },
        Operation("look for orphans", ["job_leased"]) { queue, _ in
            _ = try await queue.store.orphans { _ in false }
        },
        Operation("lose", ["job_leased", "sqlite_autoindex_attempt_1"]) { queue, _ in
            for orphan in try await queue.store.orphans(isDead: { _ in true }) {
                _ = try await queue.store.lose(orphan, workerDied: true)
            }
        },
        Operation("requeue", []) { queue, _ in
            _ = try await queue.store.requeue([JobID(rawValue: 1)])
        },
    ]

    /// Indexes of what is live: walking one of them whole costs what is live.
    private static let live: Set = ["routing_waiting", "replay_request_waiting", "job_leased"]

    @Test(arguments: operations)
    func `what runs for every delivery or job walks no table`(_ operation: Operation) async throws {
        let clock = TestClock()
        try await withStore(clock: clock) { store, path in
            let queue = try await TestQueue(store: store, clock: clock) { _ in store }
            _ = try await queue.addDead()
            _ = try await queue.add([.sample(), .sample(lane: "l"), .sample(lane: "l")])
            let leased = try await queue.claim(1).map(\.token)
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

            let shell = try Shell(path)
            var indexes: Set<String> = []
            let words = ["SELECT", "INSERT", "UPDATE", "DELETE"]
            let statements = Set(seen.withLock { $0 }).filter { sql in
                words.contains { sql.hasPrefix($0) }
            }
            #expect(!statements.isEmpty)
            for sql in statements {
                for line in try shell.plan(of: sql) {
                    let index = line.split(separator: " INDEX ").dropFirst().first
                        .map { String($0.prefix { $0 != " " }) }
                    if let index { indexes.insert(index) }
                    let isLive = index.map(Self.live.contains) ?? false
                    #expect(!line.contains("SCAN") || isLive, "\(line)\n\(sql)")
                    #expect(!line.contains("TEMP B-TREE"), "\(line)\n\(sql)")
                }
            }
            #expect(indexes == operation.indexes)
        }
    }

    // MARK: Lanes

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
