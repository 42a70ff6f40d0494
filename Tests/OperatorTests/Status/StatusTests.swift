import Foundation
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct StatusTests {
    private static let now = Timestamp(rawValue: 1_767_323_045_000_000)

    private static let breakers = #"""
        {"ci":{"state":"open","until":"2026-01-02T03:05:00Z","error":"refused"}}
        """#

    private func status(breakers: String = "{}") -> QueueStatus {
        let worker = Record([
            ("id", .text("w1")), ("host", .text("h")), ("pid", .integer(42)),
            ("version", .text("0.1.0")), ("started_at", .time(Self.now)),
            ("heartbeat_at", .time(Self.now)), ("stopped_at", .null),
            ("breakers", .json(breakers)),
        ])
        return QueueStatus(
            path: "/site/queue.db",
            store: StoreStatus(
                uuid: "u",
                schema: 1,
                deliveries: 12,
                toBeRouted: 2,
                jobs: [.done: 9, .dead: 1],
                oldestWaiting: Timestamp(rawValue: Self.now.rawValue - 185_000_000),
                databaseBytes: 1_536
            ),
            disk: DiskUse(logBytes: 0, freeBytes: nil),
            workers: [
                QueueStatus.Worker(record: worker, isAlive: true),
                QueueStatus.Worker(record: worker, isAlive: false),
            ],
            pauses: [
                Pause(
                    target: .handler(HandlerName(rawValue: "ci")),
                    reason: "upgrade",
                    since: Self.now
                )
            ],
            replays: [Record([("batch", .integer(1)), ("waiting", .integer(1))])],
            dead: (1...7).map { number in
                Record([
                    ("route", .text("r\(number)")), ("handler", .text("ci")),
                    ("state", .text("dead")), ("reason", .text("exit code \(number)")),
                    ("jobs", .integer(number)),
                ])
            },
            lastDeath: Timestamp(rawValue: Self.now.rawValue - 125_000_000),
            incidents: [],
            now: Self.now
        )
    }

    @Test
    func `people read counts, ages and sizes`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let text = status().text(time: LocalTime(now: Self.now, timeZone: zone), on: .none)
        #expect(text.contains("to be routed     2, of which 1 is a replay\n"))
        #expect(text.contains("paused           handler ci (since 03:04:05: upgrade)\n"))
        #expect(text.contains("open breakers    none\n"))
        #expect(text.contains("newest dead job  2 min 5 s ago\n"))
        #expect(text.contains("   5  r5      ci       exit code 5\n"))
        #expect(text.contains("  13  others  -        `samovar dead list`\n"))
        #expect(
            text.contains("jobs             0 ready, 0 leased, 9 done, 1 dead, 0 cancelled\n")
        )
        #expect(text.contains("oldest waiting   to be routed, for 3 min 5 s\n"))
        #expect(text.contains("database         1.5 KiB\n"))
        #expect(text.contains("free disk        -\n"))
        #expect(text.contains("workers          1 running\n"))
        #expect(text.contains("w1      h      42  0.1.0    03:04:05  0 ms ago   no\n"))
    }

    @Test
    func `programs read one object with the names of columns`() throws {
        let text = JSONOutput.object(status().json)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect((object?["jobs"] as? [String: Int])?["dead"] == 1)
        #expect(object?["oldest_waiting"] as? String == "2026-01-02T03:01:00.000000Z")
        #expect(object?["free_bytes"] is NSNull)
        #expect((object?["pauses"] as? [[String: Any]])?.first?["name"] as? String == "ci")
        #expect(object?["replays_waiting"] as? Int == 1)
        #expect((object?["dead"] as? [Any])?.count == 7)
        let workers = object?["workers"] as? [[String: Any]]
        #expect(workers?.map { $0["alive"] as? Bool } == [true, false])
        #expect(workers?.first?["heartbeat_at"] as? String == "2026-01-02T03:04:05.000000Z")
    }

    @Test
    func `a job that has been waiting longest is named, with what keeps it`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        var status = status()
        status.store.oldestWaitingJob = JobID(rawValue: 7)
        let situation = JobSituation(
            job: JobID(rawValue: 7),
            state: .ready,
            handler: HandlerName(rawValue: "ci"),
            route: "on-push",
            lane: "a",
            attempt: 0,
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
            workers: []
        )
        let pause = Pause(target: .lane("a"), reason: nil, since: Self.now)
        status.oldest = OldestJob(situation: situation, reasons: [.paused(pause)])
        let time = LocalTime(now: Self.now, timeZone: zone)
        #expect(
            status.text(time: time, on: .none).contains(
                "oldest waiting   job 7, made 3 min 5 s ago, waits: lane a is paused since "
                    + "03:04:05\n"
            )
        )
        let text = JSONOutput.object(status.json)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let oldest = object?["oldest_waiting_job"] as? [String: Any]
        #expect(oldest?["job"] as? Int == 7)
        let reasons = oldest?["waits_for"] as? [[String: Any]]
        #expect(reasons?.map { $0["kind"] as? String } == ["paused"])
    }

    @Test
    func `questions to Gitea without an answer are a row, if there are any`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let time = LocalTime(now: Self.now, timeZone: zone)
        var status = status()
        #expect(!status.text(time: time, on: .none).contains("Gitea"))
        status.store.giteaTrouble = GiteaTrouble(
            jobs: 8,
            since: Self.now + .seconds(-185),
            lastAt: Self.now,
            lastError: "Gitea does not know the token (401)"
        )
        #expect(
            status.text(time: time, on: .none).contains(
                "Gitea            asked in vain since 03:01:00, 8 jobs wait: Gitea does not know "
                    + "the token (401) (03:04:05)\n"
            )
        )
        #expect(JSONOutput.object(status.json).contains("\"gitea_trouble\": {"))
    }

    @Test
    func `an ingress that a mistake hides keeps its row`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        var status = status()
        status.isIngressUnread = true
        let text = status.text(time: LocalTime(now: Self.now, timeZone: zone), on: .none)
        #expect(text.contains("ingress          not asked: mistakes in the configuration hide"))
    }

    @Test
    func `jobs whose handler is not configured are named, if there are any`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let time = LocalTime(now: Self.now, timeZone: zone)
        var status = status()
        #expect(!status.text(time: time, on: .none).contains("no handler"))
        let ready = ["old": 1, "ci": 9, "gone": 3].map { (HandlerName(rawValue: $0), $1) }
        status.stranded = QueueStatus.stranded(
            Dictionary(uniqueKeysWithValues: ready),
            ["ci", "idle"]
        )
        #expect(
            status.text(time: time, on: .none).contains(
                "no handler       3 jobs wait for handler gone, which is not in the "
                    + "configuration; 1 job waits for handler old, which is not in the "
                    + "configuration\n"
            )
        )
        #expect(
            JSONOutput.object(status.json).replacing(#/\s/#, with: "").contains(
                #""handlers_not_configured":[{"handler":"gone","jobs":3},{"handler":"old","jobs":1}]"#
            )
        )
    }

    @Test
    func `a breaker is shown once, of the worker that lives`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let status = status(breakers: Self.breakers)
        let text = status.text(time: LocalTime(now: Self.now, timeZone: zone), on: .none)
        #expect(
            text.contains(
                "open breakers    handler ci in worker w1: refused, next try 03:05:00\n"
            )
        )
        #expect(status.breakers.count == 1)
    }
}
