import QueueCore
import TestSupport
import Testing

@Suite
struct SituationTests {
    @Test(arguments: Backend.all)
    func `a job that waits for its lane names who holds it, and how many come before`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([NewJob](repeating: .sample(lane: "l"), count: 3))
            let token = try await queue.claimOne()
            let waiting = try #require(try await queue.store.situation(of: jobs[2]))
            #expect(waiting.state == .ready)
            #expect(waiting.lane == "l")
            #expect(waiting.aheadInLane == 2)
            #expect(waiting.laneHolder?.job == jobs[0])
            #expect(waiting.laneHolder?.state == .leased)
            #expect(waiting.runningOfHandler == 1)

            // The holder waits for its retry, and holds the lane meanwhile.
            try await queue.end(token, .retry(after: .seconds(60)))
            let holder = try #require(try await queue.store.situation(of: jobs[2])?.laneHolder)
            #expect(holder.job == jobs[0])
            #expect(holder.state == .ready)
            #expect(holder.runAt == queue.clock.now + .seconds(60))

            let first = try #require(try await queue.store.situation(of: jobs[0]))
            #expect(first.laneHolder == nil)
            #expect(first.aheadInLane == 0)
            #expect(first.runAt == queue.clock.now + .seconds(60))
            #expect(first.attempt == 1)
        }
    }

    @Test(arguments: Backend.all)
    func `the pauses of the job that holds a lane are told, while it waits`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([
                .sample(handler: "slow", lane: "l"), .sample(lane: "l"),
            ])
            let pause = PauseTarget.handler(HandlerName(rawValue: "slow"))
            _ = try await queue.store.pause(pause, reason: "deploying")
            let waiting = try #require(try await queue.store.situation(of: jobs[1]))
            #expect(waiting.pauses.isEmpty)
            #expect(waiting.laneHolder?.job == jobs[0])
            #expect(waiting.laneHolder?.pauses.map(\.target) == [pause])

            _ = try await queue.store.resume(pause)
            #expect(try await queue.claim(1, ["slow": 1]).count == 1)
            _ = try await queue.store.pause(pause, reason: nil)
            let behind = try #require(try await queue.store.situation(of: jobs[1]))
            // What runs goes on whatever is paused.
            #expect(behind.laneHolder?.pauses.isEmpty == true)
        }
    }

    @Test(arguments: Backend.all)
    func `a later job of a lane that runs holds it against an earlier one`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let dead = try await queue.addDead(lane: "l")
            let later = try await queue.add(lane: "l")
            _ = try await queue.claimOne()
            _ = try await queue.requeue([dead])
            let situation = try #require(try await queue.store.situation(of: dead))
            #expect(situation.laneHolder?.job == later)
            #expect(situation.aheadInLane == 0)
        }
    }

    @Test(arguments: Backend.all)
    func `a job knows what runs and what is ready of its handler`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let jobs = try await queue.add([NewJob](repeating: .sample(), count: 5))
            _ = try await queue.add(handler: "other")
            let claimed = try await queue.claim(2)
            let situation = try #require(try await queue.store.situation(of: jobs[4]))
            #expect(situation.runningOfHandler == 2)
            #expect(situation.readyOfHandler == 3)
            let workers = [
                JobSituation.WorkerSighting(id: TestQueue.first, leased: 2, breakers: "{}"),
                JobSituation.WorkerSighting(id: TestQueue.second, leased: 0, breakers: "{}"),
            ]
            #expect(situation.workers == workers)

            let leased = try #require(try await queue.store.situation(of: claimed[0].token.job))
            #expect(leased.state == .leased)
            #expect(leased.worker == TestQueue.first)
            #expect(!leased.cancelRequested)
            _ = try await queue.store.cancel([leased.job])
            #expect(try await queue.store.situation(of: leased.job)?.cancelRequested == true)
        }
    }

    @Test(arguments: Backend.all)
    func `workers that stopped are not there, and open breakers are shown`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            try await queue.store.retire(TestQueue.second)
            try await queue.store.report(breakers: #"{"h":"open"}"#, of: TestQueue.first)
            let workers = try #require(try await queue.store.situation(of: job)).workers
            #expect(workers.map(\.id) == [TestQueue.first])
            #expect(workers.map(\.breakers) == [#"{"h":"open"}"#])
        }
    }

    @Test(arguments: Backend.all)
    func `only the pauses that concern a job are told`(backend: Backend) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.add()
            let own: [PauseTarget] = [
                .everything, .handler(HandlerName(rawValue: "h")), .route("route"),
            ]
            let others: [PauseTarget] = [.handler(HandlerName(rawValue: "route")), .route("h")]
            for target in own + others { _ = try await queue.store.pause(target, reason: nil) }
            let situation = try #require(try await queue.store.situation(of: job))
            #expect(situation.pauses.map(\.target) == own)
        }
    }

    @Test(arguments: Backend.all)
    func `a job that ended says when and why, one that nobody knows is nil`(
        backend: Backend
    ) async throws {
        try await backend.withQueue { queue in
            let job = try await queue.addDead()
            let situation = try #require(try await queue.store.situation(of: job))
            #expect(situation.state == .dead)
            #expect(situation.reason == "broken")
            #expect(situation.finishedAt == queue.clock.now)
            #expect(try await queue.store.situation(of: JobID(rawValue: 99)) == nil)
        }
    }
}
