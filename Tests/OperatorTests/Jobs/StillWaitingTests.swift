import Foundation
import Settings
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct StillWaitingTests {
    private static let now = Timestamp(rawValue: 1_795_257_535_000_000)
    private static let worker = WorkerID(rawValue: "w1")
    private static let ci = HandlerName(rawValue: "ci")

    private static let configuration = Configuration(
        file: "/site/samovar.yaml",
        store: "/site/queue.db",
        ingress: IngressSettings(secrets: []),
        handlers: [
            HandlerSettings(
                name: "ci",
                kind: .exec(ExecSettings(command: ["/bin/true"])),
                concurrency: 2
            )
        ]
    )

    private static func situation(
        _ job: Int64,
        _ change: (inout JobSituation) -> Void = { _ in }
    ) -> JobSituation {
        var situation = JobSituation(
            job: JobID(rawValue: job),
            state: .ready,
            handler: ci,
            route: "on-push",
            lane: nil,
            attempt: 1,
            runAt: now,
            reason: nil,
            finishedAt: nil,
            worker: nil,
            cancelRequested: false,
            laneHolder: nil,
            aheadInLane: 0,
            runningOfHandler: 0,
            readyOfHandler: 2,
            pauses: [],
            workers: [JobSituation.WorkerSighting(id: worker, leased: 0, breakers: "{}")]
        )
        change(&situation)
        return situation
    }

    private func notes(
        _ situations: [JobSituation],
        alive: Set<WorkerID> = [worker]
    ) throws -> [String] {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        return StillWaiting(configuration: Self.configuration, now: Self.now)
            .notes(
                of: situations,
                alive: alive,
                time: LocalTime(now: Self.now, timeZone: zone)
            )
    }

    @Test
    func `a job that is taken next, runs or has ended has no note`() throws {
        #expect(
            try notes([
                Self.situation(1), Self.situation(2) { $0.state = .leased },
                Self.situation(3) { $0.state = .done },
                // It was made due after this was read.
                Self.situation(4) { $0.runAt = Self.now + .milliseconds(1) },
            ]).isEmpty
        )
    }

    @Test
    func `what keeps several jobs is said once`() throws {
        let pause = Pause(target: .handler(Self.ci), reason: "upgrade", since: Self.now)
        let holder = JobSituation.LaneHolder(
            job: JobID(rawValue: 3),
            state: .leased,
            runAt: Self.now
        )
        let found = try notes([
            Self.situation(5) { $0.pauses = [pause] },
            Self.situation(6) { situation in
                situation.pauses = [pause]
                situation.lane = "default/repo:17"
                situation.laneHolder = holder
            },
        ])
        #expect(
            found == [
                "jobs 5, 6 still wait: handler ci is paused since 10:38:55 (upgrade)",
                "job 6 still waits for its lane default/repo:17, held by job 3 (it runs)",
            ]
        )
    }

    @Test
    func `a breaker keeps a job only if it is open in every worker`() throws {
        let open = #"{"ci":{"state":"open","error":"refused"}}"#
        let closed = JobSituation.WorkerSighting(
            id: WorkerID(rawValue: "w2"),
            leased: 0,
            breakers: "{}"
        )
        let situation = Self.situation(5) { situation in
            situation.workers[0].breakers = open
            situation.workers.append(closed)
        }
        #expect(
            try notes([situation])
                == ["job 5 still waits: the breaker of handler ci is open in worker w1: refused"]
        )
        #expect(try notes([situation], alive: [Self.worker, closed.id]).isEmpty)
    }

    @Test
    func `a job whose handler is gone, or that nobody can run, says so`() throws {
        let gone = Self.situation(5) { $0.handler = HandlerName(rawValue: "gone") }
        #expect(
            try notes([gone], alive: []) == [
                "job 5 still waits: handler gone is not in the configuration",
                "job 5 still waits: no worker is alive: start samovar-worker, or `samovar up`",
            ]
        )
    }
}
