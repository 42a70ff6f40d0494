import QueueCore
import TestSupport
import Testing

@Suite
struct LaneTests {
    @Test(arguments: Backend.all)
    func `jobs of a lane run one at a time, in their order`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add((0..<4).map { _ in .sample(lane: "l") })
            for job in jobs {
                let claimed = try await queue.claim().map(\.token)
                #expect(claimed == [AttemptToken(job: job, attempt: 1)])
                #expect(try await queue.claim(by: TestQueue.second).isEmpty)
                try await queue.end(claimed[0], .done)
            }
        }
    }

    @Test(arguments: Backend.all)
    func `lanes do not wait for each other, nor for jobs without one`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([
                .sample(lane: "a"), .sample(lane: "a"), .sample(lane: "b"), .sample(),
                .sample(handler: "i", repo: "o/other", lane: "b"), .sample(),
            ])
            let claimed = try await queue.claim(99, ["h": 99, "i": 99]).map(\.token.job)
            #expect(Set(claimed) == [jobs[0], jobs[2], jobs[3], jobs[5]])
        }
    }

    @Test(arguments: Backend.all)
    func `a lane is kept across handlers and repositories`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([
                .sample(handler: "z", repo: "o/z", lane: "l"),
                .sample(handler: "a", repo: "o/a", lane: "l"),
            ])
            let all = ["a": 9, "z": 9]
            let first = try await queue.claim(9, all)
            #expect(first.map(\.token.job) == [jobs[0]])
            try await queue.end(first[0].token, .done)
            #expect(try await queue.claim(9, all).map(\.token.job) == [jobs[1]])
        }
    }

    static let holding: [Outcome] = [
        .retry(after: .seconds(60)), .retry(after: .zero), .snooze(for: .seconds(60)),
        .snooze(for: .zero), .released,
    ]

    @Test(arguments: Backend.all, holding)
    func `a job that runs again holds its lane`(backend: Backend, outcome: Outcome) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            try await queue.end(try await queue.claimOne(), outcome)
            #expect(!(try await queue.claim().contains { $0.token.job == jobs[1] }))
            queue.clock.advance(by: .seconds(60))
            #expect(!(try await queue.claim().contains { $0.token.job == jobs[1] }))
        }
    }

    static let freeing: [Outcome] = [.done, .dead(reason: "broken"), .cancelled(reason: "asked")]

    @Test(arguments: Backend.all, freeing)
    func `a job that ended frees its lane`(backend: Backend, outcome: Outcome) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            try await queue.end(try await queue.claimOne(), outcome)
            #expect(try await queue.claimOne().job == jobs[1])
        }
    }

    @Test(arguments: Backend.all)
    func `an earlier job that is requeued comes before a later one that is ready`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead(lane: "l")
            let later = try await queue.add(lane: "l")
            #expect(try await queue.requeue([dead]) == [dead])
            let token = try await queue.claimOne()
            #expect(token.job == dead)
            try await queue.end(token, .done)
            #expect(try await queue.claimOne().job == later)
        }
    }

    @Test(arguments: Backend.all)
    func `an earlier job that is requeued waits for a later one that runs`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead(lane: "l")
            _ = try await queue.add(lane: "l")
            let running = try await queue.claimOne()
            let last = try await queue.add(lane: "l")
            #expect(try await queue.requeue([dead]) == [dead])
            #expect(try await queue.claim().isEmpty)
            // The later one fails: now the earlier one goes first, then the later one again.
            try await queue.end(running, .retry(after: .zero))
            let first = try await queue.claimOne()
            #expect(first.job == dead)
            #expect(try await queue.claim().isEmpty)
            try await queue.end(first, .done)
            let second = try await queue.claimOne()
            #expect(second == AttemptToken(job: running.job, attempt: 2))
            try await queue.end(second, .done)
            #expect(try await queue.claimOne().job == last)
        }
    }

    @Test(arguments: Backend.all)
    func `a requeued job at the end of its lane waits for all before it`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead(lane: "l")
            let early = try await queue.addDead(lane: "l")
            let requeued = try await queue.requeue([early, dead])
            #expect(requeued == [early, dead])
            let token = try await queue.claimOne()
            #expect(token.job == dead)
            try await queue.end(token, .done)
            #expect(try await queue.claimOne().job == early)
        }
    }

    @Test(arguments: Backend.all)
    func `jobs that are requeued for later hold no lane until they are due`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = [try await queue.addDead(lane: "l"), try await queue.addDead(lane: "l")]
            let hour = Pace(start: queue.clock.now + .seconds(3600))
            #expect(try await queue.store.requeue(dead, pace: hour) == [.changed, .changed])
            let fresh = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            try await queue.end(queue.claimOne(), .done)
            // A retry holds its lane.
            #expect(try await queue.state(fresh[0]) == .done)
            try await queue.end(queue.claimOne(), .retry(after: .seconds(7200)))
            #expect(try await queue.claim().isEmpty)
            queue.clock.advance(by: .seconds(3600))
            for job in dead {
                let token = try await queue.claimOne()
                #expect(token.job == job)
                try await queue.end(token, .done)
            }
            queue.clock.advance(by: .seconds(3600))
            #expect(try await queue.claimOne().job == fresh[1])
        }
    }

    @Test(arguments: Backend.all)
    func `a requeued job that falls due waits for the one that runs in its lane`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead(lane: "l")
            let minute = Pace(start: queue.clock.now + .seconds(60))
            #expect(try await queue.store.requeue([dead], pace: minute) == [.changed])
            _ = try await queue.add(lane: "l")
            let running = try await queue.claimOne()
            #expect(running.job != dead)
            queue.clock.advance(by: .seconds(61))
            #expect(try await queue.claim().isEmpty)
            try await queue.end(running, .done)
            #expect(try await queue.claimOne().job == dead)
        }
    }

    @Test(arguments: Backend.all)
    func `a lost attempt holds its lane until it is rescued, and its job stays first`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            _ = try await queue.add([.sample(lane: "l"), .sample(lane: "l")])
            let token = try await queue.claimOne()
            #expect(try await queue.claim(by: TestQueue.second).isEmpty)
            #expect(try await queue.lose(token) == .written(.ready))
            let again = try await queue.claimOne(by: TestQueue.second)
            #expect(again == AttemptToken(job: token.job, attempt: 2))
        }
    }

    // MARK: Random histories

    /// What a history does next.
    private enum Step: CaseIterable {
        case add, claim, end, requeue, lose, wait
    }

    @Test(arguments: Backend.all, 1...12)
    func `in a random history no lane ever runs two jobs, or a later one first`(
        backend: Backend,
        seed: Int
    ) async throws {
        try await backend.withQueue { queue in
            var random = SeededRandom(seed: UInt64(seed))
            var model = LaneModel()
            for _ in 0..<120 {
                switch Step.allCases.randomElement(using: &random) ?? .wait {
                case .add:
                    let lane = ["a", "b", nil].randomElement(using: &random) ?? nil
                    let repo = ["o/1", "o/2"].randomElement(using: &random) ?? ""
                    let job = try await queue.add(repo: repo, lane: lane)
                    model.add(job, lane: lane)
                case .claim:
                    let slots = Int.random(in: 1...3, using: &random)
                    for claimed in try await queue.claim(slots) {
                        try model.claim(claimed.token)
                    }
                case .end:
                    guard let token = model.leased.randomElement(using: &random) else { continue }
                    let outcome = outcomes.randomElement(using: &random) ?? .done
                    guard case .written(let state) = try await queue.end(token, outcome) else {
                        throw Unexpected("\(token) held its lease")
                    }
                    model.end(token, state: state)
                case .requeue:
                    guard let job = model.dead.randomElement(using: &random) else { continue }
                    #expect(try await queue.requeue([job]) == [job])
                    model.requeue(job)
                case .lose:
                    let leases = try await queue.store.leases()
                    guard let lease = leases.randomElement(using: &random) else { continue }
                    let result = try await queue.store.lose([lease.token], by: TestQueue.second)
                    // A worker keeps what was not taken over from it.
                    #expect(result == [.leaseLost])
                case .wait:
                    queue.clock.advance(by: .seconds(Int.random(in: 0...20, using: &random)))
                    let tokens = Array(model.leased)
                    let kept = try await queue.store.extend(tokens, worker: TestQueue.first)
                    #expect(kept.lost.isEmpty)
                }
            }
            // Whatever happened, everything that is live ends, each lane in its order.
            while !model.live.isEmpty {
                for token in model.leased {
                    #expect(try await queue.end(token, .done) == .written(.done))
                    model.end(token, state: .done)
                }
                queue.clock.advance(by: .seconds(3600))
                let claimed = try await queue.claim().map(\.token)
                try #require(!claimed.isEmpty || model.live.isEmpty, "live jobs are never claimed")
                for token in claimed { try model.claim(token) }
            }
        }
    }

    private var outcomes: [Outcome] {
        [
            .done, .done, .retry(after: .seconds(5)), .snooze(for: .seconds(9)), .released,
            .dead(reason: "broken"), .cancelled(reason: "asked"),
        ]
    }
}

/// What lanes promise, in a few lines.
private struct LaneModel {
    private var lanes: [JobID: String?] = [:]
    private(set) var live: Set<JobID> = []
    private(set) var leased: Set<AttemptToken> = []
    private(set) var dead: Set<JobID> = []

    mutating func add(_ job: JobID, lane: String?) {
        lanes[job] = .some(lane)
        live.insert(job)
    }

    mutating func claim(_ token: AttemptToken) throws {
        guard live.contains(token.job), !leased.contains(where: { $0.job == token.job }) else {
            throw Unexpected("\(token) was not there to be claimed")
        }
        if let lane = lanes[token.job] ?? nil {
            let others = live.filter { lanes[$0] == lane && $0 != token.job }
            if let earlier = others.first(where: { $0 < token.job }) {
                throw Unexpected("\(token) was claimed before \(earlier) of lane \(lane)")
            }
            if let running = leased.first(where: { lanes[$0.job] == lane }) {
                throw Unexpected("\(token) was claimed while \(running) runs in lane \(lane)")
            }
        }
        leased.insert(token)
    }

    mutating func end(_ token: AttemptToken, state: JobState) {
        leased.remove(token)
        if state != .ready { live.remove(token.job) }
        if state == .dead { dead.insert(token.job) }
    }

    mutating func requeue(_ job: JobID) {
        dead.remove(job)
        live.insert(job)
    }
}
