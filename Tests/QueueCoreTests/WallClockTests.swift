import TestSupport
import Testing

@testable import QueueCore

/// What ages come to when the wall clock is set, as a table of what happens in turn.
@Suite
struct WallClockTests {
    private static let day = Duration.seconds(86_400)
    private static let year = day * 365

    enum Event: Sendable {
        case passes(Duration)
        case set(Duration)
        case sleeps(Duration)
        /// The machine is started again, so long after by its clock.
        case boots(after: Duration)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var events: [Event]
        /// How old what was stamped in the beginning then is.
        var age: Duration
    }

    static let cases = [
        Case(testDescription: "time passes", events: [.passes(day * 40)], age: day * 40),
        Case(
            testDescription: "the machine sleeps",
            events: [.passes(day), .sleeps(day * 3), .passes(day)],
            age: day * 5
        ),
        Case(
            testDescription: "the clock goes ahead",
            events: [.passes(day), .set(year), .passes(day)],
            age: day * 2
        ),
        Case(
            testDescription: "the clock goes ahead and is mended",
            events: [.passes(day), .set(year), .passes(day), .set(.zero - year), .passes(day)],
            age: day * 3
        ),
        Case(
            testDescription: "the clock goes ahead and is mended in part",
            events: [.passes(day), .set(year), .set(day - year), .passes(day)],
            age: day * 2
        ),
        Case(
            testDescription: "the clock goes ahead twice",
            events: [.set(year), .passes(day), .set(day * 9), .passes(day)],
            age: day * 2
        ),
        Case(
            testDescription: "a short time without power",
            events: [.passes(day), .boots(after: .seconds(3600)), .passes(day)],
            age: day * 2 + .seconds(3600)
        ),
        Case(
            testDescription: "a machine that was off, or whose clock is wrong since it started",
            events: [.passes(day), .boots(after: year), .passes(day)],
            age: day * 2
        ),
        Case(
            testDescription: "a clock without battery that is set after each start",
            events: [.passes(day), .boots(after: .zero - year), .set(year), .passes(day)],
            age: day
        ),
    ]

    @Test(arguments: cases)
    func `ages count the time that passed`(row: Case) {
        var clock = WallClock()
        var reading = ClockReading(
            now: TestClock().now,
            sinceBoot: MonotonicTime(rawValue: 5_000_000),
            boot: "1"
        )
        let stamp = reading.now
        _ = clock.look(at: reading)
        for event in row.events {
            switch event {
            case .passes(let duration), .sleeps(let duration):
                reading.now = reading.now + duration
                reading.sinceBoot = reading.sinceBoot + duration
            case .set(let step):
                reading.now = reading.now + step
            case .boots(let duration):
                reading.now = reading.now + duration
                reading.sinceBoot = MonotonicTime(rawValue: 1_000_000)
                reading.boot += "1"
            }
            _ = clock.look(at: reading)
        }
        #expect(clock.passed(from: stamp, to: reading.now) == row.age)
        // The other way round; where stamps are not in order, rather too early than too late.
        #expect(clock.time(row.age, before: reading.now) <= stamp)
        #expect(clock.time(row.age + Self.year, before: reading.now) <= stamp + (.zero - Self.year))
    }

    @Test
    func `a clock that goes too fast makes one step of many`() {
        var clock = WallClock()
        let start = TestClock().now
        for second in 0..<1000 {
            let passed = Duration.seconds(second)
            _ = clock.look(
                at: ClockReading(
                    now: start + passed * 60,
                    sinceBoot: MonotonicTime(rawValue: passed.microseconds),
                    boot: "1"
                )
            )
        }
        #expect(clock.steps.count == 1)
        let now = start + .seconds(999 * 60)
        #expect(clock.passed(from: start, to: now) == .seconds(999))
    }

    @Test
    func `a clock that is only looked at is written down once in an hour`() {
        var clock = WallClock()
        let start = TestClock().now
        let changes = stride(from: 0, to: 7201, by: 60).map { second in
            clock.look(
                at: ClockReading(
                    now: start + .seconds(second),
                    sinceBoot: MonotonicTime(rawValue: Int64(second) * 1_000_000),
                    boot: "1"
                )
            )
        }
        #expect(changes.count { $0 == .seen } == 3)
        #expect(changes.count { $0 == .none } == changes.count - 3)
    }
}
