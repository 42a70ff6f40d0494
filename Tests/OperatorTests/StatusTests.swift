import Foundation
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct StatusTests {
    private static let now = Timestamp(rawValue: 1_767_323_045_000_000)

    private func status() -> QueueStatus {
        let worker = Record([
            ("id", .text("w1")), ("host", .text("h")), ("pid", .integer(42)),
            ("version", .text("0.1.0")), ("started_at", .time(Self.now)),
            ("heartbeat_at", .time(Self.now)), ("stopped_at", .null), ("breakers", .json("{}")),
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
            incidents: [],
            now: Self.now
        )
    }

    @Test
    func `people read counts, ages and sizes`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let text = status().text(time: LocalTime(now: Self.now, timeZone: zone), on: .none)
        #expect(text.contains("to be routed    2\n"))
        #expect(
            text.contains("jobs            0 ready, 0 leased, 9 done, 1 dead, 0 cancelled\n")
        )
        #expect(text.contains("oldest waiting  for 3 min 5 s\n"))
        #expect(text.contains("database        1.5 KiB\n"))
        #expect(text.contains("free disk       -\n"))
        #expect(text.contains("workers         1 running\n"))
        #expect(text.contains("w1      h      42  0.1.0    03:04:05  0 ms ago   no\n"))
    }

    @Test
    func `programs read one object with the names of columns`() throws {
        let text = JSONOutput.object(status().json)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect((object?["jobs"] as? [String: Int])?["dead"] == 1)
        #expect(object?["oldest_waiting"] as? String == "2026-01-02T03:01:00.000000Z")
        #expect(object?["free_bytes"] is NSNull)
        let workers = object?["workers"] as? [[String: Any]]
        #expect(workers?.map { $0["alive"] as? Bool } == [true, false])
        #expect(workers?.first?["heartbeat_at"] as? String == "2026-01-02T03:04:05.000000Z")
    }
}
