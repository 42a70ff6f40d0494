import Foundation
import QueueCore
import TestSupport
import Testing

@Suite
struct InspectionTests {
    /// Deliveries that tests look for, in the order of acceptance: seq 1 is the first.
    private static let ids = [
        "aaaaaaaa-1111", "aaaaaaaa-2222", "bbbbbbbb-1111", "5", "12345678", "1234567890",
        "12345678-abcd", "%_%_%_%_%", "bbbbbbbb",
    ]

    static let lookups: [(String, DeliveryLookup)] = [
        ("1", found(1)), ("9", found(9)), ("10", .none), ("0", .none), ("-1", .none),
        ("", .none), ("nonsense", .none), ("nonsense-nonsense", .none),
        // Exact ids.
        ("aaaaaaaa-1111", found(1)), ("bbbbbbbb-1111", found(3)),
        // An exact id wins over being the beginning of others.
        ("bbbbbbbb", found(9)), ("12345678", found(5)),
        // Beginnings.
        ("aaaaaaaa-1", found(1)), ("aaaaaaaa", .ambiguous), ("aaaaaaaa-", .ambiguous),
        ("aaaaaaa", .none), ("bbbbbbbb-", found(3)), ("123456789", found(6)),
        ("12345678-", found(7)), ("aaaaaaaa-11111", .none),
        // A seq wins over an id that looks like one.
        ("5", found(5)),
        // Nothing in a text is a pattern.
        ("%_%_%_%_%", found(8)), ("%_%_%_%_", found(8)), ("aaaaaaaa%", .none),
        ("________", .none), ("'; DROP TABLE job; --", .none),
    ]

    private static func found(_ seq: Int64) -> DeliveryLookup {
        .found(DeliverySeq(rawValue: seq))
    }

    @Test(arguments: Backend.all)
    func `a delivery is found by seq, id, or an unambiguous beginning`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let batch = Self.ids.map { Delivery.sample(id: $0) }
            _ = try await queue.store.accept { batch }
            for (text, expected) in Self.lookups {
                #expect(try await queue.store.find(delivery: text) == expected, "\(text)")
            }
        }
    }

    @Test(arguments: Backend.all)
    func `an id that looks like a number is found when no seq is that number`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let batch = [Delivery.sample(id: "42")]
            _ = try await queue.store.accept { batch }
            #expect(try await queue.store.find(delivery: "42") == Self.found(1))
        }
    }

    @Test(arguments: Backend.all)
    func `an id that two sources have is ambiguous`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            var other = Delivery.sample(id: "aaaaaaaa")
            other.source = "mirror"
            let batch = [Delivery.sample(id: "aaaaaaaa"), other]
            _ = try await queue.store.accept { batch }
            #expect(try await queue.store.find(delivery: "aaaaaaaa") == .ambiguous)
        }
    }

    // MARK: Status

    @Test(arguments: Backend.all)
    func `an empty store has nothing to count`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let status = try await queue.store.status()
            #expect(status.deliveries == 0)
            #expect(status.toBeRouted == 0)
            #expect(status.jobs.values.allSatisfy { $0 == 0 })
            #expect(status.oldestWaiting == nil)
            #expect(UUID(uuidString: status.uuid) != nil)
            #expect(status.schema >= 1)
            #expect(status.databaseBytes > 0)
        }
    }

    @Test(arguments: Backend.all)
    func `the status counts what is there by state`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.addDead()
            _ = try await queue.add((0..<6).map { _ in .sample() })
            let tokens = try await queue.claim(5).map(\.token)
            try await queue.end(tokens[0], .done)
            try await queue.end(tokens[1], .done)
            try await queue.end(tokens[2], .cancelled(reason: "asked"))
            _ = try await queue.accept(2)
            try await queue.replay(DeliverySeq(rawValue: 1))
            let status = try await queue.store.status()
            #expect(status.deliveries == 9)
            #expect(status.toBeRouted == 3)
            #expect(
                status.jobs == [.dead: 1, .done: 2, .cancelled: 1, .leased: 2, .ready: 1]
            )
        }
    }

    @Test(arguments: Backend.all)
    func `the oldest that waits is one to be routed or a job, whatever keeps it`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let start = queue.clock.now
            func oldest() async throws -> [Int64?] {
                let status = try await queue.store.status()
                return [
                    status.oldestWaiting.map { ($0 - start).components.seconds },
                    status.oldestWaitingJob?.rawValue,
                ]
            }
            let batch = [Delivery.sample(id: "first", receivedAt: start)]
            _ = try await queue.store.accept { batch }
            queue.clock.advance(by: .seconds(5))
            #expect(try await oldest() == [0, nil])
            let first = RoutingTarget.delivery(DeliverySeq(rawValue: 1))
            #expect(try await queue.store.decide([queue.ignored(first)]) != .stale)
            #expect(try await oldest() == [nil, nil])
            try await queue.replay(DeliverySeq(rawValue: 1))
            #expect(try await oldest() == [5, nil])
            let replays = try await queue.store.waitingToBeRouted(atMost: 1)
            let replay = try #require(replays.first?.target)
            #expect(try await queue.store.decide([queue.ignored(replay)]) != .stale)
            let job = try await queue.add(lane: "lane")
            _ = try await queue.add(lane: "lane")
            queue.clock.advance(by: .seconds(10))
            #expect(try await oldest() == [5, job.rawValue])
            let token = try await queue.claimOne()
            #expect(try await oldest() == [5, job.rawValue + 1], "behind the first in its lane")
            try await queue.end(token, .retry(after: .seconds(60)))
            #expect(try await oldest() == [5, job.rawValue], "not due")
            _ = try await queue.store.pause(.everything, reason: nil)
            #expect(try await oldest() == [5, job.rawValue], "paused")
        }
    }

    // MARK: Records

    @Test(arguments: Backend.all)
    func `deliveries are listed newest first, by event type and verdict`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let batch = ["push", "issues", "push", "push"].enumerated().map {
                Delivery.sample(id: "id-\($0)", eventType: $1)
            }
            _ = try await queue.store.accept { batch }
            let targets = try await queue.store.waitingToBeRouted(atMost: 9).map(\.target)
            let decisions = [queue.ignored(targets[0]), queue.routed(targets[1], [.sample()])]
            #expect(try await queue.store.decide(decisions) != .stale)
            func list(_ limit: Int, _ type: String?, _ verdict: String?) async throws -> [Int64] {
                let query = RecordQuery.deliveries(
                    limit: limit,
                    eventType: type,
                    verdict: verdict
                )
                return try await queue.store.records(query).compactMap(Self.number("seq"))
            }
            #expect(try await list(9, nil, nil) == [4, 3, 2, 1])
            #expect(try await list(2, nil, nil) == [4, 3])
            #expect(try await list(9, "push", nil) == [4, 3, 1])
            #expect(try await list(9, nil, "waiting") == [4, 3])
            #expect(try await list(9, nil, "routed") == [2])
            #expect(try await list(9, "push", "ignored") == [1])
            #expect(try await list(9, "issues", "ignored") == [])
            #expect(try await list(0, nil, nil) == [])
        }
    }

    @Test(arguments: Backend.all)
    func `jobs are listed newest first, by state, handler and delivery`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add([
                .sample(), .sample(handler: "i"), .sample(), .sample(handler: "i"),
            ])
            let token = try await queue.claim(1, ["i": 1])[0].token
            try await queue.end(token, .done)
            func list(
                _ limit: Int = 9,
                state: JobState? = nil,
                handler: String? = nil,
                delivery: Int64? = nil,
                repo: String? = nil
            ) async throws -> [Int64] {
                let selection = Selection(
                    repo: repo,
                    handler: handler.map(HandlerName.init(rawValue:)),
                    state: state,
                    delivery: delivery.map(DeliverySeq.init(rawValue:))
                )
                let query = RecordQuery.jobs(selection, limit: limit)
                return try await queue.store.records(query).compactMap(Self.number("id"))
            }
            #expect(try await list() == [4, 3, 2, 1])
            #expect(try await list(1) == [4])
            #expect(try await list(state: .done) == [2])
            #expect(try await list(handler: "i") == [4, 2])
            #expect(try await list(state: .ready, handler: "i") == [4])
            #expect(try await list(delivery: 3) == [3])
            #expect(try await list(state: .dead) == [])
            #expect(try await list(2, repo: "o/r") == [4, 3])
            #expect(try await list(repo: "o/other") == [])
            #expect(try await queue.store.records(.job(JobID(rawValue: 9))).isEmpty)
            #expect(try await queue.store.records(.delivery(DeliverySeq(rawValue: 9))).isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `dead letters are listed, the last to die first`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add([.sample(), .sample(), .sample()])
            let tokens = try await queue.claim().map(\.token)
            for index in [1, 0, 2] {
                queue.clock.advance(by: .seconds(1))
                let outcome: Outcome = index == 0 ? .done : .dead(reason: "broken")
                try await queue.end(tokens[index], outcome)
            }
            let dead = try await queue.store.records(.deadLetters(limit: 9))
            #expect(dead.compactMap(Self.number("id")) == [3, 2])
            #expect(try await queue.store.records(.deadLetters(limit: 1)).count == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `attempts are listed in their order`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            for _ in 0..<3 { try await queue.end(try await queue.claimOne(), .released) }
            let numbers = try await queue.attempts(job).compactMap(Self.number("number"))
            #expect(numbers == [1, 2, 3])
            #expect(try await queue.attempts(JobID(rawValue: 9)).isEmpty)
        }
    }

    @Test(arguments: Backend.all)
    func `a worker is listed with what it said of itself`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let worker = try #require(try await queue.store.records(.workers).first)
            let expected: [String: Record.Value] = [
                "id": .text("w1"), "host": .text("host"), "pid": .integer(7),
                "version": .text("0.0.0"), "started_at": .time(queue.clock.now),
                "heartbeat_at": .time(queue.clock.now), "stopped_at": .null,
                "breakers": .json("{}"), "configuration_error": .null,
            ]
            #expect(Dictionary(uniqueKeysWithValues: worker.columns.map { ($0, $1) }) == expected)
        }
    }

    @Test(arguments: Backend.all)
    func `the body of a delivery that does not exist is nil`(backend: Backend) async throws {
        try await backend.withQueue { queue async throws in
            #expect(try await queue.store.body(of: DeliverySeq(rawValue: 9)) == nil)
        }
    }

    private static func number(_ column: String) -> (Record) -> Int64? {
        { record in
            guard case .integer(let number) = record[column] else { return nil }
            return number
        }
    }
}
