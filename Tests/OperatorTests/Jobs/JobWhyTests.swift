import Foundation
import Settings
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct JobWhyTests {
    /// 2026-11-21 10:38:55 UTC.
    private static let now = Timestamp(rawValue: 1_795_257_535_000_000)
    private static let worker = WorkerID(rawValue: "w1")

    private func why(
        isConfigured: Bool = true,
        alive: Set<WorkerID> = [worker],
        hasBody: Bool = true,
        failures: Int64 = 0,
        handler: HandlerSettings = HandlerSettings(
            name: "ci",
            kind: .exec(ExecSettings(command: ["/bin/true"])),
            concurrency: 2
        ),
        columns: [(name: String, value: Record.Value)] = [],
        _ change: (inout JobSituation) -> Void = { _ in }
    ) throws -> JobWhy {
        var situation = JobSituation(
            job: JobID(rawValue: 7),
            state: .ready,
            handler: HandlerName(rawValue: "ci"),
            route: "on-push",
            lane: nil,
            attempt: 2,
            runAt: Self.now,
            reason: nil,
            finishedAt: nil,
            worker: nil,
            cancelRequested: false,
            laneHolder: nil,
            aheadInLane: 0,
            runningOfHandler: 0,
            readyOfHandler: 1,
            pauses: [],
            workers: [JobSituation.WorkerSighting(id: Self.worker, leased: 0, breakers: "{}")]
        )
        change(&situation)
        var row: [(name: String, value: Record.Value)] = [
            ("delivery", .integer(17)), ("failures", .integer(failures)),
        ]
        row += columns
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        return JobWhy(
            situation: situation,
            record: Record(row),
            started: Self.now + .seconds(-125),
            hasBody: hasBody,
            handler: isConfigured ? handler : nil,
            concurrency: isConfigured ? 2 : nil,
            slots: 8,
            alive: alive,
            now: Self.now,
            time: LocalTime(now: Self.now, timeZone: zone)
        )
    }

    // MARK: Waiting

    @Test
    func `a job that is not due says until when, and how often it failed`() throws {
        let why = try why(failures: 2) { $0.runAt = Self.now + .seconds(192) }
        #expect(
            why.answer
                == "job 7 waits: not due until 10:42:07 (in 3 min 12 s); 2 of 8 failures so far"
        )
        #expect(why.remarks == ["`samovar jobs retry-now 7` makes it due"])
    }

    @Test
    func `a job that was put off says why, for people and for programs`() throws {
        let error = "the sender's trust could not be asked: Gitea does not know the token (401)"
        let why = try why { situation in
            situation.runAt = Self.now + .seconds(192)
            situation.lastError = error
        }
        #expect(
            why.answer == "job 7 waits: not due until 10:42:07 (in 3 min 12 s), because the last "
                + "attempt ended so: \(error)"
        )
        #expect(
            why.remarks == ["once Gitea answers, `samovar jobs retry-now 7` asks it at once"]
        )
        let text = JSONOutput.object(why.json)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let reasons = object?["waits_for"] as? [[String: Any]]
        #expect(reasons?.first?["last_error"] as? String == error)
        let failed = try self.why(failures: 1) { situation in
            situation.runAt = Self.now + .seconds(192)
            situation.lastError = "exit code 1"
        }
        #expect(failed.answer.hasSuffix("ended so: exit code 1; 1 of 8 failures so far"))
        #expect(failed.remarks == ["`samovar jobs retry-now 7` makes it due"])
    }

    @Test
    func `a job behind others names the lane and its holder`() throws {
        let why = try why { situation in
            situation.lane = "default/repo:17/issue:42"
            situation.aheadInLane = 3
            situation.laneHolder = JobSituation.LaneHolder(
                job: JobID(rawValue: 5),
                state: .ready,
                runAt: Self.now + .seconds(192)
            )
        }
        #expect(
            why.answer == "job 7 waits for its lane default/repo:17/issue:42, "
                + "held by job 5 (ready, due 10:42:07); 3 jobs ahead"
        )
        #expect(why.remarks == ["`samovar jobs why 5` says more"])
    }

    @Test
    func `a job behind one that is paused says so, and how to end the pause`() throws {
        let pause = Pause(
            target: .handler(HandlerName(rawValue: "deploy")),
            reason: "upgrade",
            since: Self.now + .seconds(-60)
        )
        let why = try why { situation in
            situation.lane = "l"
            situation.aheadInLane = 1
            situation.laneHolder = JobSituation.LaneHolder(
                job: JobID(rawValue: 5),
                state: .ready,
                runAt: Self.now,
                pauses: [pause]
            )
        }
        #expect(
            why.answer == "job 7 waits for its lane l, held by job 5 "
                + "(handler deploy is paused since 10:37:55 (upgrade)); 1 job ahead"
        )
        #expect(why.remarks == ["`samovar resume --handler deploy` ends the pause"])
    }

    @Test
    func `a job whose service cannot be reached says until when that is no failure`() throws {
        let http = HandlerSettings(name: "ci", kind: .http(HTTPSettings(url: "http://h/")))
        let why = try why(
            handler: http,
            columns: [
                ("snoozed_since", .time(Self.now + .seconds(-3600))),
                ("last_error", .text("connection refused: h:80")),
            ]
        ) { $0.runAt = Self.now + .seconds(60) }
        #expect(
            why.remarks.first
                == "its service has not been reached since 09:38:55: that is no failure until "
                + "2026-11-22 09:38"
        )
        // An exec handler's snooze is its own wish, and Gitea's trouble is told elsewhere.
        let exec = try self.why(columns: [("snoozed_since", .time(Self.now))])
        #expect(exec.noFailureUntil == nil)
        let gitea = try self.why(
            handler: http,
            columns: [
                ("snoozed_since", .time(Self.now)),
                ("last_error", .text(GiteaTrouble.errorStart + "timeout")),
            ]
        )
        #expect(gitea.noFailureUntil == nil)
    }

    @Test
    func `a pause says since when, why, and how to end it`() throws {
        let pause = Pause(
            target: .handler(HandlerName(rawValue: "ci")),
            reason: "up\u{1B}grade",
            since: Self.now + .seconds(-60)
        )
        let why = try why(alive: []) { $0.pauses = [pause] }
        #expect(
            why.answer
                == #"job 7 waits: handler ci is paused since 10:37:55 (up\u{1b}grade)"#
        )
        #expect(
            why.remarks == [
                "also: no worker is alive: start samovar-worker, or `samovar up`",
                "`samovar resume --handler ci` ends the pause",
            ]
        )
    }

    @Test
    func `a breaker says in which worker, why, and until when`() throws {
        let breakers = #"""
            {"ci":{"state":"open","until":"2026-11-21T10:42:30Z","error":"connection refused"}}
            """#
        let why = try why { $0.workers[0].breakers = breakers }
        #expect(
            why.answer == "job 7 waits: the breaker of handler ci is open in worker w1: "
                + "connection refused, next try 10:42:30"
        )
    }

    @Test
    func `each other reason is a short sentence`() throws {
        #expect(
            try why(isConfigured: false).answer
                == "job 7 waits: handler ci is not in the configuration"
        )
        #expect(
            try why { $0.runningOfHandler = 2 }.answer
                == "job 7 waits: handler ci is at its limit: 2 of 2 run"
        )
        #expect(try why { $0.workers[0].leased = 8 }.answer == "job 7 waits: all 8 slots are busy")
        #expect(
            try why { $0.losses = 1 }.answer
                == "job 7 waits: it runs alone, in a worker that has nothing else to do, because "
                + "a worker died while it ran"
        )
        #expect(
            try why { $0.suspect = JobID(rawValue: 3) }.answer
                == "job 7 waits: its turn comes: job 3 runs alone first, because a worker died "
                + "while it ran"
        )
        #expect(try why().answer == "job 7 waits: it is next in line")
        #expect(
            try why { $0.readyOfHandler = 13 }.answer
                == "job 7 waits: its turn comes: 12 other jobs of handler ci are ready"
        )
    }

    @Test
    func `a job of a handler that is gone can be given it back, or be cancelled`() throws {
        #expect(
            try why(isConfigured: false).remarks
                == ["put it back into the configuration, or `samovar jobs cancel 7`"]
        )
    }

    // MARK: Running and ended

    @Test
    func `a job that runs says since when, where, and as which attempt`() throws {
        let running = { (situation: inout JobSituation) in
            situation.state = .leased
            situation.worker = Self.worker
        }
        let start =
            "job 7 runs since 10:36:50 (2 min 5 s) in worker w1, as attempt 2 (token 7.2)"
        #expect(try why(running).answer == start)
        let cancelled = try why { situation in
            running(&situation)
            situation.cancelRequested = true
        }
        #expect(cancelled.answer == start + ". It was cancelled: its handler is being stopped")
        #expect(try why(alive: [], running).answer.hasPrefix(start + ". This worker is dead, and"))
    }

    @Test(arguments: [
        (
            JobState.dead, true,
            "job 7 is dead since 10:38:55: exit code 64. After mending the handler, "
                + "`samovar dead requeue 7` gives it a new budget, `samovar dead discard 7` takes it "
                + "off the list"
        ),
        (.done, true, "job 7 is done since 10:38:55: exit code 64. `samovar replay 17`"),
        (.cancelled, true, "job 7 is cancelled since 10:38:55: exit code 64. `samovar replay 17`"),
        (
            .dead, false,
            "job 7 is dead since 10:38:55: exit code 64. The body of its delivery is pruned: it "
                + "cannot run again; `samovar dead discard 7` takes it off the list"
        ),
    ])
    func `a job that has ended says how, why, and what one can do`(
        state: JobState,
        hasBody: Bool,
        beginning: String
    ) throws {
        let why = try why(hasBody: hasBody) { situation in
            situation.state = state
            situation.reason = "exit code 64"
            situation.finishedAt = Self.now
        }
        #expect(why.answer.hasPrefix(beginning))
        #expect(why.remarks.isEmpty)
    }

    @Test(arguments: [true, false])
    func `a discarded job says what it died of, and how to take it back`(hasBody: Bool) throws {
        let why = try why(hasBody: hasBody) { situation in
            situation.state = .cancelled
            situation.reason = "discarded: exit code 64"
            situation.diedAt = Self.now + .seconds(-60)
            situation.finishedAt = Self.now
        }
        #expect(
            why.answer == "job 7 is dead since 10:37:55, and off the list since 10:38:55: "
                + "discarded: exit code 64. `samovar dead undiscard 7` puts it back on the list of "
                + "dead jobs"
                + (hasBody ? "; then `samovar dead requeue 7` gives it a new budget" : "")
        )
    }

    @Test(arguments: [
        ("exit code 65", "the handler"), ("exit code 77", "the handler"),
        ("exit code 78", "the handler"), ("exit code 7", nil), ("exit code 640", nil),
        ("retries exhausted: exit code 1", nil), ("HTTP 503", nil),
        ("cannot execute /nowhere: No such file or directory", "the handler's command"),
        ("what the template makes is no JSON: line 1", "the handler's template"),
    ])
    func `what fails again unless it is mended is known by the reason`(
        reason: String,
        broken: String?
    ) {
        #expect(Mending.needed(for: reason) == broken)
    }

    @Test(arguments: JobState.allCases)
    func `only a job that waits is due`(state: JobState) throws {
        let text = try why { situation in
            situation.state = state
            situation.worker = Self.worker
        }.text(on: .none)
        #expect(text.contains("\ndue         10:38:55\n") == (state == .ready))
        #expect(text.contains("\nlane        -\n"))
    }

    @Test
    func `programs read every reason with its facts`() throws {
        let why = try why(isConfigured: false) { $0.runAt = Self.now + .seconds(192) }
        let json = Data(JSONOutput.object(why.json).utf8)
        let object = try JSONSerialization.jsonObject(with: json) as? [String: Any]
        let reasons = object?["waits_for"] as? [[String: Any]]
        #expect(reasons?.map { $0["kind"] as? String } == ["handler_not_configured", "not_due"])
        #expect(reasons?.last?["until"] as? String == "2026-11-21T10:42:07.000000Z")
        #expect(object?["answer"] as? String == why.answer)
        #expect(object?["worker_alive"] is NSNull)
    }
}
