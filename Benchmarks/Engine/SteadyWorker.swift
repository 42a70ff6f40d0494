import Foundation
import QueueCore

/// One worker at work on one store whose backlog stays as it is: what it takes, it puts back.
struct SteadyWorker {
    let store: SQLiteStore
    let slots: Int
    private let id = WorkerID.fresh()
    private var running: [ClaimedJob] = []
    private var putBackSoFar = 0
    /// The first exchange, and those until the last one that left a slot empty.
    private(set) var settling = (time: Duration.zero, exchanges: 0)
    private(set) var samples = Samples()

    init(store: SQLiteStore, slots: Int) async throws {
        self.store = store
        self.slots = slots
        try await store.register(worker: id)
    }

    /// Exchanges until so many in a row fill all slots.
    ///
    /// A claim may have things to set aside in a store that it sees for the first time, and leave
    /// some for the next.
    mutating func settle(inARow: Int) async throws {
        var (full, exchanges, time) = (0, 0, Duration.zero)
        while full < inARow, exchanges < Self.settlingMost {
            time += try await exchange()
            exchanges += 1
            full = running.count == slots ? full + 1 : 0
            if full == 0 || exchanges == 1 { settling = (time, exchanges) }
        }
    }

    private static let settlingMost = 1000

    /// Measures exchanges: each ends the jobs of the one before and claims as many.
    mutating func exchange(times: Int) async throws {
        for _ in 0..<times {
            let took = try await exchange()
            guard running.count == slots else {
                throw BenchmarkError.claimedTooFew(running.count, of: slots)
            }
            samples.add(took)
        }
    }

    private mutating func exchange() async throws -> Duration {
        let ends = running.map(\.done)
        let request = ClaimRequest(slots: slots, handlers: 1)
        let begin = ContinuousClock.now
        let exchange = try await store.exchange(ends, for: request, worker: id)
        let (results, claimed) = (exchange.ends, exchange.claimed)
        let took = ContinuousClock.now - begin
        try check(results, of: ends)
        running = claimed
        if !claimed.isEmpty { try await add(claimed.map(\.repo)) }
        return took
    }

    /// Adds one ready job for each of these repositories, by the way of any delivery.
    mutating func add(_ repos: [String]) async throws {
        let deliveries = repos.map { _ in
            putBackSoFar += 1
            return Delivery(
                source: Names.source,
                id: DeliveryID(rawValue: "\(id)-\(putBackSoFar)"),
                event: "push",
                eventType: "push",
                targetType: nil,
                receivedAt: Clocks.system.now(),
                remote: "127.0.0.1",
                contentType: "application/json",
                headers: "{}",
                verifiedBy: "bench",
                body: Data(#"{"x":"................................................"}"#.utf8)
            )
        }
        let answers = try await store.accept { deliveries }
        let decisions = try zip(answers, repos).map { answer, repo in
            guard case .accepted(let seq) = answer else {
                throw BenchmarkError.notRouted("\(answer)")
            }
            return Self.decision(on: seq, repo: repo)
        }
        guard case .decided = try await store.decide(decisions) else {
            throw BenchmarkError.notRouted("another router was quicker")
        }
    }

    private static func decision(on seq: DeliverySeq, repo: String) -> Decision {
        Decision(
            target: .delivery(seq),
            verdict: .routed,
            reason: nil,
            explanation: "{}",
            payloadSHA256: nil,
            jobs: [
                NewJob(
                    route: Names.route,
                    handler: Names.handler(0),
                    with: "{}",
                    repo: repo,
                    lane: nil
                )
            ]
        )
    }

    /// Ends what runs; with `everything`, also all that can be claimed.
    mutating func finish(everything: Bool) async throws {
        repeat {
            let ends = running.map(\.done)
            let request = ClaimRequest(slots: everything ? slots : 0, handlers: 1)
            let exchange = try await store.exchange(ends, for: request, worker: id)
            let (results, claimed) = (exchange.ends, exchange.claimed)
            try check(results, of: ends)
            running = claimed
        } while !running.isEmpty
        try await store.retire(id)
    }
}
