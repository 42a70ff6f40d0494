import Foundation
import QueueCore
import Testing

@testable import Operator

@Suite
struct LocalTimeTests {
    /// 2026-01-02 03:04:05.678901 UTC.
    private let moment = Timestamp(rawValue: 1_767_323_045_678_901)

    private func time(now: Timestamp, hours: Int) throws -> LocalTime {
        LocalTime(now: now, timeZone: try #require(TimeZone(secondsFromGMT: hours * 3_600)))
    }

    @Test
    func `a time of today needs no day`() throws {
        let now = moment + .seconds(3_600)
        #expect(try time(now: now, hours: 0).short(moment) == "03:04:05")
        #expect(try time(now: now, hours: 2).short(moment) == "05:04:05")
    }

    @Test
    func `an earlier time has its day`() throws {
        let now = moment + .seconds(86_400)
        #expect(try time(now: now, hours: 0).short(moment) == "2026-01-02 03:04")
        #expect(try time(now: now, hours: -4).short(moment) == "2026-01-01 23:04")
    }

    @Test
    func `in full there are milliseconds`() throws {
        #expect(try time(now: moment, hours: 0).full(moment) == "2026-01-02 03:04:05.678")
    }

    @Test
    func `records show short times in tables and full ones in fields`() throws {
        let rendering = RecordRendering(time: try time(now: moment, hours: 0))
        let record = Record([
            ("id", .integer(5)), ("run_at", .time(moment)), ("lane", .null), ("verdict", .null),
        ])
        let table = rendering.table([record], columns: ["id", "run_at", "lane", "verdict"])
        #expect(
            table.text(on: .none) == "id  due       lane  verdict\n 5  03:04:05  -     waiting\n"
        )
        let fields = rendering.fields(record, without: ["id", "verdict"])
        #expect(fields.text(on: .none) == "run_at  2026-01-02 03:04:05.678\nlane    -\n")
    }

    @Test
    func `when a job is due is shown of those that are ready`() throws {
        let rendering = RecordRendering(time: try time(now: moment, hours: 0))
        let jobs = ["ready", "leased", "done", "dead", "cancelled"].map { state in
            Record([("state", .text(state)), ("run_at", .time(moment))])
        }
        let table = rendering.table(jobs, columns: ["run_at"])
        #expect(table.text(on: .none) == "due\n03:04:05\n-\n-\n-\n-\n")
    }
}
