import Testing

@testable import QueueCore

@Suite
struct WaitReasonTests {
    private static let now = Timestamp(rawValue: 1_795_255_200_000_000)
    private static let ci = HandlerName(rawValue: "ci")
    private static let first = WorkerID(rawValue: "w1")
    private static let second = WorkerID(rawValue: "w2")

    /// A job that nothing keeps from running.
    private static func free() -> JobSituation {
        JobSituation(
            job: JobID(rawValue: 5),
            state: .ready,
            handler: ci,
            route: "on-push",
            lane: nil,
            attempt: 0,
            runAt: now,
            reason: nil,
            finishedAt: nil,
            worker: nil,
            cancelRequested: false,
            laneHolder: nil,
            aheadInLane: 0,
            runningOfHandler: 0,
            readyOfHandler: 1,
            pauses: [],
            workers: [sighting(first)]
        )
    }

    private static func sighting(
        _ worker: WorkerID,
        leased: Int = 0,
        breakers: String = "{}"
    ) -> JobSituation.WorkerSighting {
        JobSituation.WorkerSighting(id: worker, leased: leased, breakers: breakers)
    }

    private func reasons(
        concurrency: Int? = 2,
        alive: Set<WorkerID> = [first, second],
        _ change: (inout JobSituation) -> Void = { _ in }
    ) -> [WaitReason] {
        var situation = Self.free()
        change(&situation)
        return situation.waitReasons(
            concurrency: concurrency,
            slots: 8,
            alive: alive,
            now: Self.now
        )
    }

    @Test
    func `a job that nothing keeps is next in line`() {
        #expect(reasons() == [.inLine(others: 0)])
        #expect(reasons { $0.readyOfHandler = 4 } == [.inLine(others: 3)])
        // One that was parked a moment ago is not counted.
        #expect(reasons { $0.readyOfHandler = 0 } == [.inLine(others: 0)])
    }

    @Test(arguments: [JobState.leased, .done, .dead, .cancelled])
    func `a job that runs or has ended waits for nothing`(state: JobState) {
        let found = reasons(concurrency: nil, alive: []) { situation in
            situation.state = state
            situation.runAt = Self.now + .seconds(60)
        }
        #expect(found.isEmpty)
    }

    @Test
    func `its time is a reason only before it has come`() {
        let later = Self.now + .seconds(192)
        #expect(reasons { $0.runAt = later } == [.notDue(until: later)])
        let failed = reasons { ($0.runAt, $0.lastError) = (later, "exit code 1") }
        #expect(failed == [.notDue(until: later, after: "exit code 1")])
        #expect(reasons { $0.runAt = Self.now + .seconds(-1) } == [.inLine(others: 0)])
    }

    @Test
    func `the holder of the lane is named, with how many come before`() {
        let holder = JobSituation.LaneHolder(
            job: JobID(rawValue: 3),
            state: .leased,
            runAt: Self.now
        )
        let found = reasons { situation in
            situation.laneHolder = holder
            situation.aheadInLane = 2
        }
        #expect(found == [.lane(holder, ahead: 2)])
    }

    @Test
    func `a worker without its lock does not count`() {
        #expect(reasons(alive: []) == [.noWorkerAlive])
        #expect(reasons(alive: [Self.second]) == [.noWorkerAlive])
        #expect(reasons { $0.workers = [] } == [.noWorkerAlive])
    }

    @Test
    func `a handler that is not configured is a reason, whatever its limit was`() {
        #expect(reasons(concurrency: nil) { $0.runningOfHandler = 7 } == [.handlerNotConfigured])
    }

    @Test
    func `a handler is at its limit when as many run as may`() {
        #expect(reasons { $0.runningOfHandler = 1 } == [.inLine(others: 0)])
        #expect(reasons { $0.runningOfHandler = 2 } == [.handlerAtLimit(running: 2, limit: 2)])
        // The limit was lowered while they ran.
        #expect(reasons { $0.runningOfHandler = 3 } == [.handlerAtLimit(running: 3, limit: 2)])
    }

    @Test
    func `the leases of dead workers are no reason where no worker lives`() {
        #expect(reasons(alive: []) { $0.runningOfHandler = 2 } == [.noWorkerAlive])
    }

    @Test
    func `slots are busy when every living worker is full`() {
        let full = [Self.sighting(Self.first, leased: 8), Self.sighting(Self.second, leased: 8)]
        #expect(reasons { $0.workers = full } == [.slotsBusy(slots: 16, workers: 2)])
        let free = [full[0], Self.sighting(Self.second, leased: 7)]
        #expect(reasons { $0.workers = free } == [.inLine(others: 0)])
        // The one with a free slot is dead.
        let found = reasons(alive: [Self.first]) { $0.workers = free }
        #expect(found == [.slotsBusy(slots: 8, workers: 1)])
    }

    private static let open = #"""
        {"ci":{"state":"open","failures":5,"until":"2026-11-21T10:00:30.000000Z",
        "error":"connection refused"},"other":{"state":"open"}}
        """#

    private static func breaker(_ worker: WorkerID) -> OpenBreaker {
        OpenBreaker(
            worker: worker,
            handler: ci,
            failures: 5,
            until: now + .seconds(30),
            error: "connection refused"
        )
    }

    @Test
    func `a breaker that is open in every living worker keeps the job`() {
        let workers = [
            Self.sighting(Self.first, breakers: Self.open),
            Self.sighting(Self.second, breakers: "{}"),
        ]
        let found = reasons(alive: [Self.first]) { $0.workers = workers }
        #expect(found == [.breakerOpen([Self.breaker(Self.first)], everywhere: true)])
    }

    @Test
    func `a breaker that is open in one of two workers leaves the other one`() {
        let workers = [
            Self.sighting(Self.first, breakers: Self.open),
            Self.sighting(Self.second, breakers: #"{"ci":{"state":"closed"}}"#),
        ]
        let found = reasons { $0.workers = workers }
        let breakers = [Self.breaker(Self.first)]
        #expect(found == [.breakerOpen(breakers, everywhere: false), .inLine(others: 0)])
    }

    @Test
    func `a breaker that lets one job try is told apart`() {
        let json = #"{"ci":{"state":"probing","failures":5,"until":null,"error":"refused"}}"#
        let breakers = OpenBreaker.all(in: json, of: Self.first)
        #expect(breakers.map(\.isProbing) == [true])
        #expect(breakers.map(\.until) == [nil])
    }

    @Test(arguments: ["", "[]", "null", #"{"ci":5}"#, "{", #"{"ci":{}}"#])
    func `breakers that cannot be read are none`(json: String) {
        #expect(OpenBreaker.all(in: json, of: Self.first).isEmpty)
    }

    @Test
    func `a suspect waits for a worker with nothing else to do, and others for it`() {
        #expect(reasons { $0.losses = 1 } == [.alone(losses: 1)])
        // Slots are not what it waits for.
        let busy = reasons { situation in
            situation.losses = 2
            situation.workers = [Self.sighting(Self.first, leased: 8)]
        }
        #expect(busy == [.alone(losses: 2)])
        #expect(reasons(alive: []) { $0.losses = 1 } == [.noWorkerAlive])
        let job = JobID(rawValue: 3)
        #expect(reasons { $0.suspect = job } == [.afterSuspect(job)])
    }

    @Test
    func `what only a person can change comes first`() {
        let pause = Pause(target: .handler(Self.ci), reason: "deploying", since: Self.now)
        let holder = JobSituation.LaneHolder(
            job: JobID(rawValue: 3),
            state: .ready,
            runAt: Self.now
        )
        let found = reasons(concurrency: nil, alive: []) { situation in
            situation.pauses = [pause]
            situation.laneHolder = holder
            situation.aheadInLane = 1
            situation.runAt = Self.now + .seconds(1)
        }
        #expect(
            found == [
                .paused(pause), .handlerNotConfigured, .noWorkerAlive, .lane(holder, ahead: 1),
                .notDue(until: Self.now + .seconds(1)),
            ]
        )
    }
}
