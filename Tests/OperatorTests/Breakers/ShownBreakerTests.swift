import Foundation
import Program
import Testing

@testable import Operator
@testable import QueueCore

@Suite
struct ShownBreakerTests {
    /// 2026-11-21 10:38:55 UTC.
    private static let now = Timestamp(rawValue: 1_795_257_535_000_000)

    private func shown(isProbing: Bool = false) -> ShownBreaker {
        ShownBreaker(
            breaker: OpenBreaker(
                worker: WorkerID(rawValue: "w1"),
                handler: HandlerName(rawValue: "ci"),
                isProbing: isProbing,
                since: Self.now + .seconds(-60),
                failures: 9,
                until: Self.now + .seconds(5),
                error: "connection\nrefused"
            ),
            jobs: 12
        )
    }

    @Test
    func `a row says what is open, since when, what waits, and what comes next`() throws {
        let zone = try #require(TimeZone(secondsFromGMT: 0))
        let time = LocalTime(now: Self.now, timeZone: zone)
        let table = ShownBreaker.table([shown(), shown(isProbing: true)], time)
        #expect(table.rows.allSatisfy { $0.count == table.header.count })
        #expect(
            table.rows[0].map(\.text) == [
                "ci", "w1", "open", "10:37:55", "9", "10:39:00", "12", #"connection\nrefused"#,
            ]
        )
        #expect(table.rows[1][2].text == "probing")
        #expect(table.rows[1][5].text == "now")
    }

    @Test
    func `a handler without an open breaker is told which ones have one`() {
        let failure = BreakersCloseCommand.notOpen(
            HandlerName(rawValue: "cj"),
            [shown().breaker, shown().breaker]
        )
        #expect(failure.message == "no living worker has an open breaker of handler cj")
        #expect(failure.hint == "Open: ci.")
    }
}
