import QueueCore
import TestSupport

extension History {
    private enum Step: CaseIterable {
        case accept, decide, exchange, extend, check, crash, rescue, wait, reopen, stepClock, reboot
        case requeue, discard, undiscard, cancel, retryNow, replay, cancelReplay
        case pause, resume, prune

        /// Of about a thousand steps.
        var weight: Int {
            switch self {
            case .exchange: 300
            case .wait: 120
            case .accept: 90
            case .decide: 110
            case .extend, .rescue: 60
            case .check, .requeue: 40
            case .cancel, .retryNow, .replay: 25
            case .pause, .resume, .crash, .prune: 20
            case .cancelReplay, .stepClock, .discard, .undiscard: 10
            case .reopen, .reboot: 3
            }
        }
    }

    private static let deck = Step.allCases.flatMap { step in
        [Step](repeating: step, count: step.weight)
    }

    mutating func takeStep() async throws {
        switch pick(Self.deck) ?? .wait {
        case .accept: try await accept()
        case .decide: try await decide()
        case .exchange: try await exchange()
        case .extend: try await extend()
        case .check: try await check()
        case .crash: try await crashOne()
        case .rescue: try await rescue()
        case .wait: wait()
        case .reopen: try await reopenOne()
        case .stepClock: stepClock()
        case .reboot: try await reboot()
        case .requeue: try await requeue()
        case .discard: try await discard()
        case .undiscard: try await undiscard()
        case .cancel: try await cancel()
        case .retryNow: try await retryNow()
        case .replay: try await replay()
        case .cancelReplay: try await cancelReplay()
        case .pause: try await pause()
        case .resume: try await resume()
        case .prune: try await prune()
        }
    }

    // MARK: Deliveries

    private mutating func accept() async throws {
        // No more than the model can look at in every step.
        guard model.live.count < 60 else { return }
        let batch = (0..<number(1...4)).map { _ in someDelivery() }
        let now = model.moment.now
        let deliveries = batch.map { $0.delivery(receivedAt: now) }
        note("accept \(batch.map { "\($0.source)/\($0.id) \($0.payload)" })")
        try expect(try await store().accept { deliveries }, is: model.accept(batch))
    }

    private mutating func someDelivery() -> ModelDelivery {
        let last = Int(model.lastDelivery)
        // Now and then an id that came before, with the same bytes or with others.
        if last > 0, chance(15), let old = model.deliveries[Int64(number(1...last))] {
            return ModelDelivery(
                source: old.source,
                id: old.id,
                payload: chance(70) ? old.payload : old.payload + 1,
                isVerified: old.isVerified
            )
        }
        return ModelDelivery(
            source: chance(80) ? "default" : "mirror",
            id: "d\(last)-\(number(1...1_000_000))",
            payload: number(1...25),
            isVerified: chance(85)
        )
    }

    private mutating func decide() async throws {
        let store = store()
        let decisions = try await someDecisions(store)
        if decisions.isEmpty { return }
        try expect(try await store.decide(decisions), is: model.decide(decisions))
        // The other router was slower.
        if chance(10) {
            try expect(try await stores[number(0...1)].decide(decisions), is: .stale)
        }
    }

    /// About what waits; sometimes not from the first on.
    mutating func someDecisions(_ store: any QueueStore) async throws -> [Decision] {
        let count = number(1...6)
        let waiting = try await store.waitingToBeRouted(atMost: count)
        note("decide \(waiting.map(\.target))")
        try expect(waiting.map(\.target), is: model.waiting(atMost: count))
        try expect(waiting.map(\.tries), is: waiting.map { model.tries($0.target) })
        var decisions = waiting.map { decision(on: $0) }
        if chance(10), !decisions.isEmpty { decisions.removeFirst() }
        return decisions
    }

    private mutating func decision(on delivery: WaitingDelivery) -> Decision {
        let payload = model.deliveries[delivery.target.delivery.rawValue]?.payload ?? 0
        if delivery.tries >= Limits.routingTriesMost {
            return decision(delivery, .dead, "poison", hash: nil, payload, [])
        }
        let routes = ["once", "shared", "issue", "rerun"].filter { _ in chance(40) }
        let jobs = routes.map { newJob($0, payload) }
        let verdict: Verdict =
            jobs.isEmpty ? (chance(20) ? .malformed : .ignored) : .routed
        let reason = verdict == .routed ? nil : "because"
        return decision(delivery, verdict, reason, hash: "sha-\(payload)", payload, jobs)
    }

    private func decision(
        _ delivery: WaitingDelivery,
        _ verdict: Verdict,
        _ reason: String?,
        hash: String?,
        _ payload: Int,
        _ jobs: [NewJob]
    ) -> Decision {
        Decision(
            target: delivery.target,
            verdict: verdict,
            reason: reason,
            explanation: "{}",
            payloadSHA256: hash,
            isTest: payload % 9 == 0,
            loop: jobs.isEmpty ? nil : loop(delivery, payload),
            jobs: jobs
        )
    }

    /// A third of the payloads are what a bot causes on an issue; a replay is a person's wish.
    private func loop(_ delivery: WaitingDelivery, _ payload: Int) -> LoopWatch? {
        guard payload % 3 == 0, case .delivery = delivery.target else { return nil }
        return LoopWatch(
            issue: "issue:\(payload % 4)",
            events: 3,
            window: .seconds(600),
            reason: "bots caused too much"
        )
    }

    private mutating func newJob(_ route: String, _ payload: Int) -> NewJob {
        let lanes: [String: String] = ["shared": "shared", "issue": "issue:\(payload % 4)"]
        return .sample(
            route: route,
            handler: pick(["a", "b", "c"]) ?? "a",
            repo: payload % 4 == 0 ? "" : "o/\(payload % 4)",
            lane: lanes[route],
            redelivery: route == "rerun" ? .rerun : .once
        )
    }

    // MARK: Time

    private mutating func wait() {
        let seconds =
            switch number(1...100) {
            case 1: number(1...9) * 86_400
            case 2...4: 3600
            case 5...15: number(25...45)
            default: number(0...12)
            }
        note("wait \(seconds) s")
        clock.advance(by: .seconds(seconds))
    }

    private mutating func stepClock() {
        let seconds = chance(50) ? 3600 : -3600
        note("step the clock by \(seconds) s")
        clock.step(by: .seconds(seconds))
    }

    /// All processes are gone, and the monotonic clock begins anew.
    private mutating func reboot() async throws {
        note("reboot")
        clock = TestClock(bootID: "boot-\(number(2...1_000_000))", now: clock.now)
        model.moment = Self.moment(of: clock)
        for place in stores.indices { try await reopen(place) }
        for _ in workers.indices { try await crash(0) }
    }

    private mutating func reopenOne() async throws {
        let place = number(0...1)
        note("reopen store \(place)")
        try await reopen(place)
    }

    // MARK: Pruning

    private mutating func prune() async throws {
        func kept(_ most: Int) -> Duration? {
            chance(20) ? nil : .seconds(number(1...most) * 600)
        }
        let retention = Retention(bodies: kept(12), jobs: kept(18), deliveries: kept(24))
        note("prune \(retention)")
        try expect(try await store().prune(retention), is: model.prune(retention))
    }
}
